#!/usr/bin/env bash
# A real OpenStack on loopback for the tests: Keystone, Glance, Placement, Nova with a fake compute, Neutron without
# agents, MariaDB and RabbitMQ, from Debian 12's packages (./install.sh), as root, without systemd. 1.5 GB of memory.
#
#   openstack.sh up       starts what is not running and returns when servers can be made; may be repeated at any time
#   openstack.sh down     ends everything
#   openstack.sh status   fails unless everything runs
#   openstack.sh clean    down, and deletes what it has stored
#
# ENGINES_DIR (a folder, default /tmp/hutong-engines) holds all it writes; `openstack/openrc` below it says where and
# how to log in. OPENSTACK_PORTS is the first of the nine ports that it takes.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
base=${ENGINES_DIR:-/tmp/hutong-engines}/openstack
first_port=${OPENSTACK_PORTS:-35350}
password=secret
etc=$base/etc log=$base/log run=$base/run plugins=$base/plugins
db_port=$first_port mq_port=$((first_port + 1)) mq_mesh_port=$((first_port + 2)) epmd_port=$((first_port + 3))
keystone_port=$((first_port + 4)) glance_port=$((first_port + 5)) placement_port=$((first_port + 6))
neutron_port=$((first_port + 7)) nova_port=$((first_port + 8))
where="OpenStack is up; log in with: . $base/openrc"
services=(db mq keystone placement glance neutron nova-conductor nova-scheduler nova-api nova-compute)

# Debian's Python, not another one that is first on the PATH; and nothing of the caller's own cloud.
for name in $(compgen -v OS_ || true); do unset "$name"; done
export PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONPATH=$plugins HOME=$base/home LC_ALL=C.UTF-8 no_proxy=127.0.0.1

. "$here/configure.sh"

fail() {
  echo "OpenStack: $1" >&2
  exit 1
}

# A process is known by its id and the time it began: ids come again.
began() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
pid_of() { cut -d' ' -f1 "$run/$1.pid"; }
alive() {
  local pid time
  read -r pid time 2>/dev/null <"$run/$1.pid" || return 1
  [ -n "$time" ] && [ "$(began "$pid")" = "$time" ]
}

start() {
  local name=$1 pid
  shift
  alive "$name" && return 0
  # The lock (9) is not for the services to hold.
  setsid nice -n "${OPENSTACK_NICE:-0}" "$@" >>"$log/$name.out" 2>&1 9>&- </dev/null &
  pid=$!
  echo "$pid $(began "$pid")" >"$run/$name.pid"
}

# Waits until a command succeeds, as long as the service runs.
await() {
  local name=$1
  shift
  for _ in $(seq 1200); do
    "$@" >/dev/null 2>&1 && return 0
    alive "$name" || fail "$name has ended: $(tail -n 20 "$log/$name.out")"
    sleep 0.25
  done
  fail "$name is not ready after 5 minutes; see $log"
}

answers() { [[ $(curl -s -o /dev/null --max-time 5 -w '%{http_code}' "http://127.0.0.1:$1/") =~ ^(200|300|401)$ ]]; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
sql() { mariadb --no-defaults --socket="$run/db.sock" --user=root "$@"; }

start_database() {
  [ -d "$base/db/mysql" ] || mariadb-install-db --no-defaults --user=root --datadir="$base/db" --auth-root-authentication-method=normal --skip-test-db >"$log/db-install.out" 2>&1
  start db mariadbd --no-defaults --user=root --datadir="$base/db" --socket="$run/db.sock" --port="$db_port" --bind-address=127.0.0.1 \
    --pid-file="$run/mariadb" --skip-name-resolve --max-connections=500 --innodb-buffer-pool-size=128M --innodb-flush-log-at-trx-commit=0 \
    --skip-log-bin --performance-schema=OFF
}

rabbitmq_environment() {
  export RABBITMQ_NODENAME=hutong$first_port@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=$mq_port RABBITMQ_DIST_PORT=$mq_mesh_port \
    RABBITMQ_MNESIA_BASE=$base/mq RABBITMQ_LOG_BASE=$log RABBITMQ_PID_FILE=$run/rabbitmq RABBITMQ_ENABLED_PLUGINS_FILE=$base/mq/enabled_plugins \
    RABBITMQ_CONFIG_FILE=$etc/rabbitmq RABBITMQ_USE_LONGNAME=false ERL_EPMD_PORT=$epmd_port ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none'
}

keystone_schema() {
  local manage=(keystone-manage --config-file "$etc/keystone/keystone.conf") url=http://127.0.0.1:$keystone_port/v3/
  "${manage[@]}" db_sync
  "${manage[@]}" fernet_setup --keystone-user root --keystone-group root
  "${manage[@]}" credential_setup --keystone-user root --keystone-group root
  "${manage[@]}" bootstrap --bootstrap-password "$password" --bootstrap-admin-url "$url" --bootstrap-internal-url "$url" --bootstrap-public-url "$url" --bootstrap-region-id RegionOne
}
glance_schema() { glance-manage --config-file "$etc/glance/glance-api.conf" db_sync; }
placement_schema() { OS_PLACEMENT_CONFIG_DIR=$etc/placement placement-manage --config-file "$etc/placement/placement.conf" db sync; }
neutron_schema() { neutron-db-manage --config-file "$etc/neutron/neutron.conf" --config-file "$etc/neutron/ml2.ini" upgrade heads; }
nova_schema() {
  local manage=(nova-manage --config-file "$etc/nova/nova.conf")
  "${manage[@]}" api_db sync
  "${manage[@]}" cell_v2 map_cell0 --database_connection "$(database_url nova_cell0)"
  "${manage[@]}" db sync
  "${manage[@]}" cell_v2 list_cells | grep -q cell1 || "${manage[@]}" cell_v2 create_cell --name=cell1
}

# The databases of all services, at the same time.
create_schemas() {
  local name job jobs=()
  for name in keystone glance placement nova_api nova nova_cell0 neutron; do echo "CREATE DATABASE IF NOT EXISTS $name CHARACTER SET utf8;"; done | sql
  sql -e "GRANT ALL ON *.* TO hutong@'127.0.0.1' IDENTIFIED BY '$password'"
  for name in keystone glance placement neutron nova; do
    "${name}_schema" >"$log/$name-schema.out" 2>&1 9>&- &
    jobs+=("$name $!")
  done
  for job in "${jobs[@]}"; do
    wait "${job#* }" || fail "the database of ${job% *} could not be made: $(tail -n 10 "$log/${job% *}-schema.out")"
  done
}

# A WSGI application, with one worker.
start_wsgi() {
  start "$1" uwsgi_python311 --http-socket "127.0.0.1:$2" --wsgi-file "$3" --master --processes 1 --threads 8 --enable-threads --lazy-apps \
    --die-on-term --need-app --buffer-size 65535 --listen 100 --rem-header Content-Length --add-header 'Connection: close'
}

start_nova() { start "$1" "$1" --config-file "$etc/nova/nova.conf" --log-file "$log/$1.log"; }

make_catalogue() {
  python3 "$here/catalogue.py" "$password" image glance "http://127.0.0.1:$glance_port" placement placement "http://127.0.0.1:$placement_port" \
    compute nova "http://127.0.0.1:$nova_port/v2.1" network neutron "http://127.0.0.1:$neutron_port" || fail 'the catalogue could not be made'
}

compute_is_known() {
  nova-manage --config-file "$etc/nova/nova.conf" cell_v2 discover_hosts >>"$log/discover.out" 2>&1
  [ -n "$(openstack hypervisor list -f value 2>/dev/null)" ]
}

compute_is_up() { openstack compute service list --service nova-compute -f value -c State | grep -q up; }

up() {
  local name
  [ "$(id -u)" = 0 ] || fail 'it runs as root only'
  for name in mariadbd keystone-manage nova-compute neutron-server glance-api openstack; do
    command -v "$name" >/dev/null || fail "$name is not installed; as root: $here/install.sh"
  done
  mkdir -p "$base"
  # Of two that start it at the same time, one does.
  exec 9>"$base/lock-up"
  flock 9
  if [ -e "$base/ready" ] && status >/dev/null; then
    echo "$where"
    return 0
  fi
  configure
  rabbitmq_environment
  start_database
  start mq /usr/lib/rabbitmq/bin/rabbitmq-server
  await db sql -e 'select 1'
  await mq listens "$mq_port"
  [ -e "$base/ready" ] || create_schemas
  export OS_KEYSTONE_CONFIG_FILES=$etc/keystone/keystone.conf OS_PLACEMENT_CONFIG_DIR=$etc/placement
  start_wsgi keystone "$keystone_port" /usr/bin/keystone-wsgi-public
  start_wsgi placement "$placement_port" /usr/bin/placement-api
  await keystone answers "$keystone_port"
  . "$base/openrc"
  [ -e "$base/ready" ] || make_catalogue
  start glance glance-api --config-file "$etc/glance/glance-api.conf"
  start neutron neutron-server --config-file "$etc/neutron/neutron.conf" --config-file "$etc/neutron/ml2.ini"
  for name in conductor scheduler api; do start_nova "nova-$name"; done
  await placement answers "$placement_port"
  start nova-compute python3 "$plugins/compute.py" --config-file "$etc/nova/nova.conf" --log-file "$log/nova-compute.log"
  await glance answers "$glance_port"
  await neutron answers "$neutron_port"
  await nova-api answers "$nova_port"
  if ! [ -e "$base/ready" ]; then
    python3 "$here/seed.py" || fail 'the networks for the tests could not be made'
    await nova-compute compute_is_known
  fi
  await nova-compute compute_is_up
  touch "$base/ready"
  echo "$where"
}

end() {
  local name
  for name; do alive "$name" && kill "$(pid_of "$name")" 2>/dev/null || true; done
  for name; do
    for _ in $(seq 60); do
      alive "$name" || break
      sleep 0.25
    done
    # Its whole group: workers may outlive their master.
    if alive "$name"; then kill -9 -- "-$(pid_of "$name")" 2>/dev/null || true; fi
  done
}

down() {
  [ -d "$run" ] || return 0
  end nova-compute nova-api nova-scheduler nova-conductor neutron glance placement keystone
  end mq db
  rabbitmq_environment
  # It outlives RabbitMQ.
  epmd -port "$epmd_port" -kill >/dev/null 2>&1 || true
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
