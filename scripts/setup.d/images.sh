# The base images that the environments are built from. The names are those of the official images, so that a machine
# that reaches a registry uses these.
# shellcheck shell=bash

readonly debian_image=debian:bookworm-slim
readonly node_image=node:24-bookworm-slim
readonly registry_patience_seconds=4

image_there() { docker image inspect --format '{{.Id}}' "$@" >/dev/null 2>&1 9>&-; }
images_there() { image_there "$debian_image" "$node_image"; }

make_images() {
  images_there && return 0
  say "pulling the base images $debian_image and $node_image"
  local first second
  pull "$debian_image" & first=$!
  pull "$node_image" & second=$!
  wait "$first" || true
  wait "$second" || true
  images_there && return 0
  say 'no image registry answers; building the base images on this machine'
  { is_root && is_debian_like; } || give_up "$exit_no_environment" "the base images cannot be built here: that takes root on Debian or Ubuntu." \
    "Run, where a registry answers: docker pull $debian_image; docker pull $node_image" \
    "or copy them from another machine: docker save IMAGE | docker load"
  image_there "$debian_image" || make_debian_image "$debian_image" || no_image "$debian_image"
  image_there "$node_image" || make_node_image "$node_image" || no_image "$node_image"
}

no_image() { give_up "$exit_no_environment" "could not make the base image $1; the reason is above." 'Run scripts/setup again when that is repaired.'; }

# The registry has a few seconds to answer at all; once it does, the download may take its time.
pull() {
  local name=$1 log pid start=$SECONDS
  image_there "$name" && return 0
  log=$(mktemp)
  docker pull "$name" >"$log" 2>&1 </dev/null 9>&- &
  pid=$!
  while kill -0 "$pid" 2>/dev/null && ! grep -q 'Pulling from' "$log"; do
    [ $((SECONDS - start)) -lt "$registry_patience_seconds" ] || kill "$pid" 2>/dev/null || true
    sleep 0.1
  done
  local code=0
  wait "$pid" 2>/dev/null || code=$?
  rm -f "$log"
  return "$code"
}

# Node's program from npm's package of it, and npm itself, laid over the Debian image as in the official one.
make_node_image() {
  local name=$1 root code=0
  say "building the base image $name from npm's packages of node and npm"
  root=$(mktemp -d /var/tmp/devgym-node.XXXXXX)
  { fill_node_root "$root" && commit_node_image "$root" "$name"; } || code=1
  rm -rf "$root"
  return "$code"
}

# Unpacks a package of the npm registry into a folder.
unpack() {
  local package=$1 folder=$2 download=$2.download
  mkdir "$download"
  quietly npm pack --loglevel=error --pack-destination "$download" "$package" || { say "npm could not fetch $package"; return 1; }
  tar -C "$folder" -xzf "$download"/*.tgz --strip-components=1 --no-same-owner && rm -r "$download"
}

fill_node_root() {
  local root=$1/image architecture
  mkdir -p "$root"/usr/local/{bin,lib/node_modules/npm} "$1/node"
  case "$(docker version --format '{{.Server.Arch}}')" in
    amd64) architecture=x64 ;;
    arm64) architecture=arm64 ;;
    *) say 'npm has no node package for the architecture of this Docker engine'; return 1 ;;
  esac
  unpack 'npm@11' "$root/usr/local/lib/node_modules/npm" || return 1
  if [ "$(node_modules/.bin/node -p 'process.platform + process.arch')" = "linux$architecture" ]; then
    cp "$(node_modules/.bin/node -p process.execPath)" "$root/usr/local/bin/node" || return 1
  else
    unpack "node-linux-$architecture@$(node_version)" "$1/node" && cp "$1/node/bin/node" "$root/usr/local/bin/node" || return 1
  fi
  ln -s node "$root/usr/local/bin/nodejs"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
  cp scripts/setup.d/node-entrypoint.sh "$root/usr/local/bin/docker-entrypoint.sh"
  chmod 755 "$root"/usr/local/bin/{node,docker-entrypoint.sh}
}

node_version() { node_modules/.bin/node -p process.versions.node; }

commit_node_image() {
  local root=$1 name=$2 container code=0
  # shellcheck disable=SC2016
  container=$(docker create --interactive "$debian_image" \
    sh -euc 'tar -xC / --no-same-owner; groupadd --gid 1000 node; useradd --uid 1000 --gid node --shell /bin/bash --create-home node') || return 1
  tar -C "$root/image" -c . | quietly_fed docker start --attach --interactive "$container" &&
    docker commit --message 'built by scripts/setup of devgym' --change "ENV NODE_VERSION=$(node_version)" \
      --change "ENV NODE_EXTRA_CA_CERTS=$ca_bundle" --change 'ENTRYPOINT ["docker-entrypoint.sh"]' --change 'CMD ["node"]' \
      "$container" "$name" >/dev/null || code=1
  docker rm --force "$container" >/dev/null
  return "$code"
}

quietly_fed() { "$@" >/dev/null 9>&-; }
