# A Docker engine that answers.
# shellcheck shell=bash

readonly engine_log=/var/log/dockerd.log
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
  give_up "$EXIT_NO_ENVIRONMENT" "$reason" "$@" 'Then run again. To see what the engine says: docker version'
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
  apt_install docker.io iptables git ca-certificates || give_up_on_engine 'apt-get could not install docker.io; its last lines are above.' \
    'Install Docker Engine yourself.'
  hash -r
  engine_was_agreed=yes
}

# A pid file outlives an engine that was killed, and keeps the next one from starting.
remove_stale_pid_file() {
  local file=$1 program=$2 pid
  [ -f "$file" ] || return 0
  pid=$(tr -cd 0-9 <"$file")
  [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$program" ] && return 0
  rm -f "$file"
}

start_engine() {
  [ "${engine_was_agreed:-no}" = yes ] || agreed 'The Docker engine does not run. Start it?' ||
    give_up_on_engine 'no Docker engine runs, as you chose.' 'Start it yourself: dockerd, or systemctl start docker.'
  say 'starting the Docker engine'
  remove_stale_pid_file /var/run/docker.pid dockerd
  remove_stale_pid_file /var/run/docker/containerd/containerd.pid containerd
  if [ -d /run/systemd/system ]; then
    quietly systemctl start docker || give_up_on_engine 'systemctl start docker failed.' 'Run: journalctl -u docker'
  else
    setsid dockerd >"$engine_log" 2>&1 </dev/null 9>&- &
  fi
  local start=$SECONDS
  until engine_answers; do
    if [ $((SECONDS - start)) -ge "$engine_deadline_seconds" ]; then
      [ ! -f "$engine_log" ] || tail -n 15 "$engine_log" >&2
      give_up_on_engine "the Docker engine did not answer within $engine_deadline_seconds s." "Read $engine_log"
    fi
    sleep 0.1
  done
}
