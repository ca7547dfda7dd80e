# A Docker engine that answers.
# shellcheck shell=bash

readonly engine_log=/var/log/dockerd.log
readonly engine_pid_file=/var/run/docker.pid
readonly engine_deadline_seconds=60

# The CLI honours DOCKER_HOST and contexts. An engine that is reached and silent must not hold setup for ever.
engine_answers() { has docker && limited 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1 9>&-; }

limited() {
  local seconds=$1
  shift
  if has timeout; then timeout "$seconds" "$@"; else "$@"; fi
}

# Only the machine's own socket is ours to serve; an engine elsewhere is somebody's choice and left alone.
engine_is_local() {
  local endpoint=unix:///var/run/docker.sock
  has docker && endpoint=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || echo unknown)
  [ "$endpoint" = unix:///var/run/docker.sock ]
}

give_up_on_engine() {
  local reason=$1
  shift
  give_up "$exit_no_environment" "$reason" "$@" 'Then run again. To see what the engine says: docker version'
}

make_engine() {
  engine_answers && return 0
  engine_is_local || give_up_on_engine "the Docker engine at ${DOCKER_HOST:-context $(docker context show 2>/dev/null)} does not answer." \
    'Start it, or unset DOCKER_HOST (or run: docker context use default) to use the one on this machine.'
  [ "$(uname -s)" = Linux ] || give_up_on_engine 'no Docker engine answers.' 'Install and start Docker Desktop, OrbStack or colima.'
  if ! is_root; then
    has docker && [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ] && give_up_on_engine \
      'you may not use the Docker engine on this machine.' "Run: sudo usermod -aG docker $(id -un), and log in anew."
    is_debian_like && give_up_on_engine 'no Docker engine answers, and only root can start one.' "Run: sudo $PWD/scripts/setup"
    give_up_on_engine 'no Docker engine answers.' 'Install Docker Engine from your distribution and start it (for instance: sudo systemctl start docker).'
  fi
  has dockerd || install_engine
  start_engine
}

install_engine() {
  is_debian_like || give_up_on_engine 'no Docker engine is installed.' 'Install Docker Engine from your distribution and start it.'
  agreed "No Docker engine is installed. Install Debian's docker.io and start it?" ||
    give_up_on_engine 'no Docker engine, as you chose.' 'Install and start one yourself.'
  say 'installing docker.io with apt-get'
  # A bundle that is there may hold more authorities than Debian's package, which would write its own over it.
  local authorities=()
  [ -f "$ca_bundle" ] || authorities=(ca-certificates)
  apt_install docker.io iptables git "${authorities[@]}" || give_up_on_engine 'apt-get could not install docker.io; its last lines are above.' \
    'Install Docker Engine yourself.'
  hash -r
  engine_was_agreed=yes
}

# Whether the process that a pid file names runs that program. One that has ended and was never reaped does not.
runs() {
  local file=$1 program=$2 pid
  pid=$(tr -cd 0-9 2>/dev/null <"$file") && [ -n "$pid" ] &&
    [ "$(awk '/^Name:/ { name = $2 } /^State:/ { state = $2 } END { if (state != "Z") print name }' "/proc/$pid/status" 2>/dev/null)" = "$program" ]
}

# A pid file outlives an engine that was killed, and keeps the next one from starting.
remove_stale_pid_file() { [ ! -f "$1" ] || runs "$1" "$2" || rm -f "$1"; }

start_engine() {
  [ "${engine_was_agreed:-no}" = yes ] || agreed 'The Docker engine does not run. Start it?' ||
    give_up_on_engine 'no Docker engine runs, as you chose.' 'Start it yourself: dockerd, or systemctl start docker.'
  say 'starting the Docker engine'
  remove_stale_pid_file "$engine_pid_file" dockerd
  remove_stale_pid_file /var/run/docker/containerd/containerd.pid containerd
  if [ -d /run/systemd/system ]; then
    quietly systemctl start docker || give_up_on_engine 'systemctl start docker failed.' 'Run: journalctl -u docker'
  else
    # Where no init mounted the control groups, an engine has nothing to put its containers in.
    mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null || true
    setsid dockerd >"$engine_log" 2>&1 </dev/null 9>&- &
  fi
  wait_for_engine "${!:-}"
}

# Waits until the engine answers, or it is plain that it will not: its process ended and no other has taken its place.
wait_for_engine() {
  local process=$1 start=$SECONDS
  until engine_answers; do
    if [ -n "$process" ] && ! kill -0 "$process" 2>/dev/null && ! runs "$engine_pid_file" dockerd; then
      engine_failed 'the Docker engine ended as soon as it was started.'
    fi
    [ $((SECONDS - start)) -lt "$engine_deadline_seconds" ] ||
      engine_failed "the Docker engine did not answer within $engine_deadline_seconds s."
    sleep 0.1
  done
}

engine_failed() {
  [ ! -f "$engine_log" ] || tail -n 15 "$engine_log" >&2
  give_up_on_engine "$1" "Read $engine_log and repair what it complains of."
}
