#!/bin/bash
# The batch script of every job on Slurm. Nothing of a job is written into it: HUTONG_JOB is its id, by which its
# processes are known, too, and in the folder HUTONG_CONTROL it reads `command`, strings that each end in NUL: working folder, seconds that it may run (0: no limit), how many
# variables follow, the variables as NAME=VALUE, then program and arguments. What it leaves there:
#   claim        "<Slurm job> <seconds since 1970> <node>": the Slurm job that runs this job, however often it was submitted
#   log.<task>   what the tasks have written; log.0 is the output of this script, too
#   code.<task>  exit codes of several tasks
#   end          "<Slurm job> <seconds since 1970> <how> <exit code>", when all is over and on disk
# `stop` there, "<seconds of grace> …", says that the job is to end.
set -u
control=$HUTONG_CONTROL
unset HUTONG_CONTROL
time_limit_grace=10
tasks=${SLURM_NTASKS:-1}

if ! (set -C && echo "$SLURM_JOB_ID $(date +%s) $SLURMD_NODENAME" >"$control/claim") 2>/dev/null; then
  read -r claimed _ <"$control/claim"
  # Another submission of the same job came first.
  [ "$claimed" = "$SLURM_JOB_ID" ] || exit 0
fi

record_end() {
  echo "$SLURM_JOB_ID $(date +%s) $1 $2" >"$control/end.new"
  sync "$control/end.new" 2>/dev/null || sync
  mv -f "$control/end.new" "$control/end"
  sync "$control" 2>/dev/null || sync
}

if [ -e "$control/stop" ]; then
  record_end stopped 0
  exit 0
fi

# Runs program and arguments as this task.
run_task() {
  local -a command
  mapfile -d '' -t command <"$control/command" || return 126
  export -n control
  cd -- "${command[0]}" || return 126
  exec env -- "${command[@]:3:${command[2]}}" "RANK=$1" "WORLD_SIZE=$2" "${command[@]:3+${command[2]}}"
}

# One of several tasks, started by srun on whatever node it is.
run_one_of_many() {
  exec >>"$control/log.$SLURM_PROCID" 2>&1
  (run_task "$SLURM_PROCID" "$SLURM_NTASKS")
  local code=$?
  echo "$code" >"$control/code.$SLURM_PROCID"
  exit "$code"
}

run_tasks() {
  if [ "${SLURM_NTASKS:-1}" = 1 ]; then
    run_task 0 1
  else
    exec srun --quiet --kill-on-bad-exit=0 --wait=0 --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" bash -p -c "$(declare -f run_task run_one_of_many); run_one_of_many" >"$control/srun.log" 2>&1
  fi
}

# Kills what is left of the job on this node, but for this script: where Slurm tracks no cgroups it forgets those who hide.
kill_rest() {
  kill -KILL -- "-$main"
  local entry pid
  while read -r entry; do
    pid=${entry#/proc/}
    pid=${pid%/environ}
    case $pid in $$ | "$PPID" | "$BASHPID" | "${killer:-}" | "${clock:-}") ;; *) kill -KILL "$pid" 2>/dev/null ;; esac
  done < <(grep -lszxF "HUTONG_JOB=$HUTONG_JOB" /proc/[0-9]*/environ)
}

kill_later() {
  (
    trap '' TERM USR1
    sleep "$1"
    kill_rest
  ) &
  killer=$!
}

# SIGTERM for the tasks.
terminate() {
  if [ "$tasks" = 1 ]; then kill -TERM -- "-$main"; else scancel --signal=TERM "$SLURM_JOB_ID"; fi
}

on_term() {
  is_interrupted=1
  [ "$how" = exited ] || return 0
  how=terminated
  if [ -e "$control/stop" ]; then
    how=stopped
    terminate
    read -r grace _ <"$control/stop"
    kill_later "${grace:-0}"
  elif [ "$tasks" = 1 ]; then
    # Slurm itself ends the job, and tells tasks of srun by itself.
    terminate
  fi
}

on_time_limit() {
  is_interrupted=1
  [ "$how" = exited ] || return 0
  how=timeout
  terminate
  kill_later "$time_limit_grace"
}

how=exited
trap on_term TERM
trap on_time_limit USR1

# A process group of its own, for some Slurms send signals to that of this script, and some to this script alone; and
# srun, which kills its tasks at once when it gets SIGTERM, is to get none.
control=$control setsid bash -p -c "$(declare -f run_task run_one_of_many run_tasks); run_tasks" &
main=$!
# The log is the job's: this shell would tell there what was killed.
exec >/dev/null 2>&1
limit=$(mapfile -d '' -t command <"$control/command" && echo "${command[1]}")
if [ "${limit:-0}" != 0 ]; then
  (
    trap - TERM USR1
    sleep "$limit"
    kill -USR1 $$
  ) &
  clock=$!
fi

# A signal to this script ends the waiting, too; then it is asked again.
is_interrupted=yes
while [ -n "$is_interrupted" ]; do
  is_interrupted=
  wait "$main"
  code=$?
done

# What srun says is of no interest where tasks have begun.
[ "$tasks" = 1 ] || compgen -G "$control/log.[1-9]*" || [ -s "$control/log.0" ] || cat "$control/srun.log" >"$control/log.0"

# Of several tasks the first that failed.
for ((task = 0; task < tasks; task++)); do
  [ "$how" = exited ] && [ -e "$control/code.$task" ] || continue
  read -r code <"$control/code.$task"
  [ "$code" = 0 ] || break
done

trap '' TERM USR1
kill_rest
kill -KILL ${killer:-} ${clock:-} 2>/dev/null
record_end "$how" "$code"
exit "$code"
