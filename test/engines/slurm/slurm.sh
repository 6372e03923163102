#!/usr/bin/env bash
# A real Slurm of one node on loopback for the tests: slurmctld, slurmd, slurmrestd with JWT, and munge, from Debian
# 12's packages (./install.sh), as root, without systemd or cgroups. It starts in 2 seconds and takes 20 MB.
#
#   slurm.sh up       starts what is not running and returns when jobs can run; may be repeated at any time
#   slurm.sh down     ends everything, jobs too
#   slurm.sh status   fails unless everything runs
#   slurm.sh clean    down, and deletes what it has stored
#
# ENGINES_DIR (a folder, default /tmp/hutong-engines) holds all it writes; `slurm/settings` below it says how to use
# it. SLURM_PORTS are the three ports that it takes. The node pretends to have 16 processors and 2 GPUs.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
base=${ENGINES_DIR:-/tmp/hutong-engines}/slurm
read -r controller_port node_port rest_port <<<"${SLURM_PORTS:-36817 36818 36819}"
log=$base/log run=$base/run
# slurmrestd refuses root, and jobs run as this user.
user=hutong-slurm
host=$(hostname -s)
where="Slurm is up; its settings: $base/settings"
services=(munged slurmctld slurmd slurmrestd)

for name in $(compgen -v SLURM_ || true); do unset "$name"; done
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 SLURM_CONF=$base/slurm.conf

fail() {
  echo "Slurm: $1" >&2
  exit 1
}

# A process is known by its id and the time it began: ids come again.
began() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
pid_of() { cut -d' ' -f1 "$run/$1.pid"; }
alive() {
  local pid time
  read -r pid time 2>/dev/null <"$run/$1.pid" || return 1
  [ -n "$time" ] && [ "$(began "$pid")" = "$time" ] && ! grep -q '^State:.Z' "/proc/$pid/status"
}

start() {
  local name=$1 pid
  shift
  alive "$name" && return 0
  # The lock (9) is not for the services to hold.
  setsid "$@" >>"$log/$name.out" 2>&1 9>&- </dev/null &
  pid=$!
  echo "$pid $(began "$pid")" >"$run/$name.pid"
}

# Waits until a command succeeds, as long as the service runs.
await() {
  local name=$1
  shift
  for _ in $(seq 600); do
    "$@" >/dev/null 2>&1 && return 0
    alive "$name" || fail "$name has ended: $(tail -n 20 "$log/$name.out" "$log/$name.log" 2>/dev/null)"
    sleep 0.1
  done
  fail "$name is not ready after a minute; see $log"
}

configure() {
  mkdir -p "$base"/{spool,state,munge,bin} "$log" "$run"
  chmod 755 "$base"
  id "$user" >/dev/null 2>&1 || useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$user"
  [ -s "$base/jwt.key" ] || (umask 077 && head -c 32 /dev/urandom >"$base/jwt.key")
  [ -s "$base/munge/key" ] || (umask 077 && head -c 1024 /dev/urandom >"$base/munge/key")
  chown -R munge:munge "$base/munge"
  cat >"$base/slurm.conf" <<END
ClusterName=hutong
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$controller_port
SlurmdPort=$node_port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$base/munge/socket
CredType=cred/munge
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key=$base/jwt.key
CommunicationParameters=NoAddrCache
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=5,bf_interval=5
SlurmdParameters=config_overrides
GresTypes=gpu
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
StateSaveLocation=$base/state
SlurmdSpoolDir=$base/spool
SlurmctldPidFile=$run/slurmctld.own
SlurmdPidFile=$run/slurmd.own
SlurmctldLogFile=$log/slurmctld.log
SlurmdLogFile=$log/slurmd.log
KillWait=5
MinJobAge=3600
MaxJobCount=20000
NodeName=$host NodeAddr=127.0.0.1 NodeHostname=$host CPUs=16 RealMemory=4000 Gres=gpu:tiny:2 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=closed Nodes=ALL MaxTime=INFINITE State=DOWN
END
  # Devices that are everywhere stand for the GPUs.
  printf 'Name=gpu Type=tiny File=%s\n' /dev/null /dev/zero >"$base/gres.conf"
  printf '#!/bin/sh\nSLURM_CONF=%s exec /usr/bin/scontrol "$@"\n' "$SLURM_CONF" >"$base/bin/scontrol"
  chmod 755 "$base/bin/scontrol"
  cat >"$base/settings" <<END
ENGINE_SLURM_URL=http://127.0.0.1:$rest_port
ENGINE_SLURM_USER=$user
ENGINE_SLURM_SCONTROL=$base/bin/scontrol
END
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
node_is_up() { timeout 5 sinfo --noheader --format=%T --partition=main | grep -qE '^(idle|mixed|allocated)$'; }

up() {
  local name
  [ "$(id -u)" = 0 ] || fail 'it runs as root only'
  for name in munged slurmctld slurmd slurmrestd; do
    command -v "$name" >/dev/null || fail "$name is not installed; as root: $here/install.sh"
  done
  mkdir -p "$base"
  # Of two that start it at the same time, one does.
  exec 9>"$base/lock-up"
  flock 9
  if status >/dev/null; then
    echo "$where"
    return 0
  fi
  configure
  start munged setpriv --reuid=munge --regid=munge --clear-groups munged --foreground --force --key-file="$base/munge/key" --socket="$base/munge/socket" \
    --pid-file="$base/munge/own" --log-file="$base/munge/log" --seed-file="$base/munge/seed"
  await munged [ -S "$base/munge/socket" ]
  start slurmctld slurmctld -D -f "$SLURM_CONF"
  start slurmd slurmd -D -f "$SLURM_CONF" -N "$host"
  start slurmrestd setpriv --reuid="$user" --regid="$user" --clear-groups env SLURM_JWT=daemon slurmrestd -a rest_auth/jwt -s openapi/v0.0.38 "127.0.0.1:$rest_port"
  await slurmrestd listens "$rest_port"
  await slurmctld node_is_up
  echo "$where"
}

down() {
  local name
  [ -d "$run" ] || return 0
  if alive slurmctld; then timeout 10 scancel --user="$user" >/dev/null 2>&1 || true; fi
  for name in slurmrestd slurmd slurmctld munged; do alive "$name" && kill "$(pid_of "$name")" 2>/dev/null || true; done
  for name in slurmrestd slurmd slurmctld munged; do
    for _ in $(seq 60); do
      alive "$name" || break
      sleep 0.1
    done
    if alive "$name"; then kill -9 "$(pid_of "$name")" 2>/dev/null || true; fi
  done
  rm -f "$run"/*.pid
}

status() {
  local name missing=0
  for name in "${services[@]}"; do
    if alive "$name"; then echo "$name runs"; else
      echo "$name does not run"
      missing=1
    fi
  done
  return $missing
}

case "${1:-}" in
  up | down | status) "$1" ;;
  clean)
    down
    rm -rf "$base"
    ;;
  *) fail 'expected up, down, status or clean' ;;
esac
