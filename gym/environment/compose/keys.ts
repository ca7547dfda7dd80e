/** What becomes of a key. `ignored`: it is read over, because what it says cannot change a verdict; `quiet`: without a note. */
export type KeySupport =
  | { readonly is: 'supported' }
  | { readonly is: 'ignored'; readonly because: string; readonly quiet?: true }
  | { readonly is: 'unsupported'; readonly because: string };

/** Keys of one place, by their names. */
export type Keys = Readonly<Record<string, KeySupport>>;

function supported(keys: string): Keys {
  return Object.fromEntries(keys.split(' ').map((key) => [key, { is: 'supported' }]));
}

function ignored(because: string, keys: string): Keys {
  return Object.fromEntries(keys.split(' ').map((key) => [key, { is: 'ignored', because }]));
}

function quiet(because: string, keys: string): Keys {
  return Object.fromEntries(keys.split(' ').map((key) => [key, { is: 'ignored', because, quiet: true }]));
}

function unsupported(because: string, keys: string): Keys {
  return Object.fromEntries(keys.split(' ').map((key) => [key, { is: 'unsupported', because }]));
}

const swarm = 'it is for Swarm';
const windows = 'it is for Windows containers';
const speedOnly = 'gym decides by a hash of the inputs when to build';
const mount = { ...supported('source target uid gid mode') };
const resource = { ...supported('name external driver driver_opts labels') };

/**
 * Every key of the Compose Specification by where it stands (`*`: any name, `[]`: an entry of a list), with what gym makes of it. The check for
 * unknown keys, the table in docs/environments.md and the test that the corpus uses every supported key are all read from here.
 */
export const composeKeys = {
  top: {
    ...supported('name services networks volumes secrets configs include'),
    ...quiet('it is obsolete', 'version'),
    ...unsupported('gym runs no language models', 'models'),
  },
  'include[]': supported('path project_directory env_file'),
  'services.*': {
    ...supported(
      'annotations blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset depends_on deploy device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file environment expose extends extra_hosts gpus group_add healthcheck hostname image init ipc label_file labels links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit network_mode networks oom_kill_disable oom_score_adj pid pids_limit platform ports privileged profiles pull_policy read_only runtime scale secrets security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits user userns_mode uts volumes volumes_from working_dir',
    ),
    ...ignored('a service that dies stays dead and is reported', 'restart'),
    ...ignored('gym does not watch files', 'develop'),
    ...ignored('environments are taken down without waiting for graceful ends', 'pre_stop'),
    ...quiet('the log of every service is kept', 'attach'),
    ...unsupported(windows, 'cpu_count cpu_percent credential_spec isolation'),
    ...unsupported('a container outside of the environment is not part of it', 'external_links'),
    ...unsupported('make it a service that others depend on by service_completed_successfully', 'post_start'),
    ...unsupported('gym runs no language models', 'models'),
    ...unsupported('gym starts no programs for services on the host', 'provider'),
    ...unsupported(
      'it gives the service control of the engine; mount the socket where that is meant',
      'use_api_socket',
    ),
    ...unsupported('an image is pulled where it is missing', 'pull_refresh_after'),
  },
  'services.*.extends': supported('service file'),
  'services.*.build': {
    ...supported(
      'additional_contexts args context dockerfile dockerfile_inline extra_hosts labels network secrets shm_size ssh target',
    ),
    ...ignored(speedOnly, 'cache_from cache_to no_cache pull'),
    ...ignored('an image gets the name that gym gives it', 'tags'),
    ...ignored('images stay on the machine', 'provenance sbom'),
    ...unsupported('the engine builds for its own platform; set platform on the service', 'platforms'),
    ...unsupported(windows, 'isolation'),
    ...unsupported('builds run without further rights', 'entitlements privileged'),
    ...unsupported('the engine takes none for a build', 'ulimits'),
  },
  'services.*.build.secrets[]': { ...supported('source target'), ...quiet('BuildKit decides', 'uid gid mode') },
  'services.*.blkio_config': supported(
    'weight weight_device device_read_bps device_read_iops device_write_bps device_write_iops',
  ),
  'services.*.blkio_config.weight_device[]': supported('path weight'),
  'services.*.blkio_config.limit[]': supported('path rate'),
  'services.*.configs[]': mount,
  'services.*.secrets[]': mount,
  'services.*.depends_on.*': {
    ...supported('condition required'),
    ...quiet('nothing is restarted while an environment is up', 'restart'),
  },
  'services.*.deploy': {
    ...supported('replicas resources'),
    ...ignored(swarm, 'endpoint_mode labels placement rollback_config update_config'),
    ...ignored('a service that dies stays dead and is reported', 'restart_policy'),
    ...ignored(swarm, 'mode'),
  },
  'services.*.deploy.resources': supported('limits reservations'),
  'services.*.deploy.resources.limits': supported('cpus memory pids'),
  'services.*.deploy.resources.reservations': {
    ...supported('memory devices'),
    ...ignored(swarm, 'cpus generic_resources'),
  },
  'services.*.gpus[]': supported('capabilities count device_ids driver options'),
  'services.*.devices[]': supported('source target permissions'),
  'services.*.env_file[]': supported('path required format'),
  'services.*.healthcheck': supported('disable interval retries start_interval start_period test timeout'),
  'services.*.logging': supported('driver options'),
  'services.*.networks.*': {
    ...supported('aliases driver_opts ipv4_address ipv6_address link_local_ips mac_address priority'),
    ...unsupported('it needs an engine newer than those that gym supports', 'gw_priority interface_name'),
  },
  'services.*.ports[]': {
    ...supported('target published protocol host_ip'),
    ...quiet('every port is published on a free port of 127.0.0.1', 'mode'),
    ...quiet('it is a name for people', 'name app_protocol'),
  },
  'services.*.ulimits.*': supported('soft hard'),
  'services.*.volumes[]': {
    ...supported('type source target read_only bind volume tmpfs'),
    ...quiet('engines take no notice of it', 'consistency'),
    ...unsupported('it needs an engine newer than those that gym supports', 'image'),
  },
  'services.*.volumes[].bind': supported('propagation create_host_path recursive selinux'),
  'services.*.volumes[].volume': {
    ...supported('nocopy labels'),
    ...unsupported('it needs an engine newer than those that gym supports', 'subpath'),
  },
  'services.*.volumes[].tmpfs': supported('size mode'),
  'networks.*': {
    ...resource,
    ...supported('attachable enable_ipv4 enable_ipv6 internal ipam'),
  },
  'networks.*.ipam': supported('driver config options'),
  'networks.*.ipam.config[]': supported('subnet ip_range gateway aux_addresses'),
  'volumes.*': resource,
  'secrets.*': {
    ...supported('name file environment'),
    ...quiet('only containers see it', 'labels'),
    ...unsupported('an engine without Swarm holds none', 'external'),
    ...unsupported(swarm, 'driver driver_opts template_driver'),
  },
  'configs.*': {
    ...supported('name file environment content'),
    ...quiet('only containers see it', 'labels'),
    ...unsupported('an engine without Swarm holds none', 'external'),
    ...unsupported(swarm, 'template_driver'),
  },
} as const satisfies Readonly<Record<string, Keys>>;

/** Where keys stand. */
export type Scope = keyof typeof composeKeys;

/** The same for devcontainer.json. */
export const devcontainerKeys = {
  top: {
    ...supported(
      'image build dockerComposeFile service containerEnv remoteEnv mounts workspaceMount workspaceFolder forwardPorts appPort onCreateCommand updateContentCommand postCreateCommand postStartCommand remoteUser containerUser overrideCommand init privileged capAdd securityOpt',
    ),
    ...quiet(
      'it is for editors',
      'name $schema customizations portsAttributes otherPortsAttributes userEnvProbe waitFor',
    ),
    ...ignored('it is for editors', 'postAttachCommand'),
    ...ignored('all services are started', 'runServices'),
    ...ignored('environments are taken down by gym', 'shutdownAction'),
    ...ignored('files keep the owner that they have on the host', 'updateRemoteUserUID'),
    ...ignored('it is for machines that are rented', 'hostRequirements secrets'),
    ...unsupported('install what is needed in the image', 'features overrideFeatureInstallOrder'),
    ...unsupported('write it in a Compose file', 'runArgs'),
    ...unsupported('it runs outside of the environment', 'initializeCommand'),
  },
  build: {
    ...supported('context dockerfile target args'),
    ...ignored(speedOnly, 'cacheFrom'),
    ...unsupported('write it in a Compose file', 'options'),
  },
  mount: supported('type source target'),
} as const satisfies Readonly<Record<string, Keys>>;
