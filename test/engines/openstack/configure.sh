# Sourced by ./openstack.sh: writes the services' configuration below $etc, and what they load besides.
# shellcheck shell=bash disable=SC2154

database_url() { echo "mysql+pymysql://hutong:$password@127.0.0.1:$db_port/$1?charset=utf8"; }

# How a service verifies the tokens that it is sent.
token_verification() {
  cat <<END
[keystone_authtoken]
www_authenticate_uri = http://127.0.0.1:$keystone_port
auth_url = http://127.0.0.1:$keystone_port/v3
auth_type = password
username = $1
password = $password
project_name = service
user_domain_id = default
project_domain_id = default
region_name = RegionOne
[oslo_concurrency]
lock_path = $base/lock
[oslo_messaging_notifications]
driver = noop
END
}

# How a service logs in to another.
login_for() {
  cat <<END
[$1]
auth_type = password
auth_url = http://127.0.0.1:$keystone_port/v3
username = $2
password = $password
project_name = service
user_domain_id = default
project_domain_id = default
region_name = RegionOne
END
}

write_plugins() {
  local info=$plugins/hutong_engine-1.0.dist-info
  mkdir -p "$info"
  cp "$here"/{noop_mechanism,snapshot_compute,compute}.py "$plugins"
  printf '[neutron.ml2.mechanism_drivers]\nnoop = noop_mechanism:NoopMechanism\n' >"$info/entry_points.txt"
  printf 'Metadata-Version: 2.1\nName: hutong-engine\nVersion: 1.0\n' >"$info/METADATA"
}

write_rabbitmq() {
  cat >"$etc/rabbitmq.conf" <<END
listeners.tcp.1 = 127.0.0.1:$mq_port
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 100MB
loopback_users = none
END
  echo '[].' >"$base/mq/enabled_plugins"
}

write_keystone() {
  cat >"$etc/keystone/keystone.conf" <<END
[DEFAULT]
log_file = $log/keystone.log
[database]
connection = $(database_url keystone)
[token]
provider = fernet
expiration = 86400
[fernet_tokens]
key_repository = $base/fernet
[credential]
key_repository = $base/credential
[cache]
enabled = true
backend = dogpile.cache.memory
END
}

write_glance() {
  cat >"$etc/glance/glance-api.conf" <<END
[DEFAULT]
bind_host = 127.0.0.1
bind_port = $glance_port
workers = 0
log_file = $log/glance.log
enabled_backends = files:file
[glance_store]
default_backend = files
[files]
filesystem_store_datadir = $base/images
[os_glance_staging_store]
filesystem_store_datadir = $base/images/staging
[os_glance_tasks_store]
filesystem_store_datadir = $base/images/tasks
[database]
connection = $(database_url glance)
[paste_deploy]
flavor = keystone
config_file = /etc/glance/glance-api-paste.ini
$(token_verification glance)
END
}

write_placement() {
  cat >"$etc/placement/placement.conf" <<END
[DEFAULT]
log_file = $log/placement.log
[api]
auth_strategy = keystone
[placement_database]
connection = $(database_url placement)
$(token_verification placement)
END
}

write_nova() {
  cat >"$etc/nova/nova.conf" <<END
[DEFAULT]
host = node1
my_ip = 127.0.0.1
state_path = $base/nova
instances_path = $base/nova/instances
transport_url = rabbit://guest:guest@127.0.0.1:$mq_port/
enabled_apis = osapi_compute
osapi_compute_listen = 127.0.0.1
osapi_compute_listen_port = $nova_port
osapi_compute_workers = 1
compute_driver = snapshot_compute.FakeDriver
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
report_interval = 5
[quota]
instances = -1
cores = -1
ram = -1
[api]
auth_strategy = keystone
[wsgi]
api_paste_config = /etc/nova/api-paste.ini
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 5
[api_database]
connection = $(database_url nova_api)
[database]
connection = $(database_url nova)
[glance]
api_servers = http://127.0.0.1:$glance_port
[vnc]
enabled = false
[cinder]
catalog_info = none:none:none
$(login_for placement placement)
$(login_for neutron neutron)
service_metadata_proxy = false
$(login_for service_user nova)
send_service_user_token = true
$(token_verification nova)
END
}

write_neutron() {
  cat >"$etc/neutron/neutron.conf" <<END
[DEFAULT]
bind_host = 127.0.0.1
bind_port = $neutron_port
core_plugin = ml2
service_plugins = router
auth_strategy = keystone
transport_url = rabbit://guest:guest@127.0.0.1:$mq_port/
state_path = $base/neutron
api_workers = 0
rpc_workers = 0
rpc_state_report_workers = 0
dhcp_agent_notification = false
api_paste_config = /etc/neutron/api-paste.ini
log_file = $log/neutron.log
[quotas]
quota_port = -1
quota_floatingip = -1
[database]
connection = $(database_url neutron)
$(login_for nova nova)
$(token_verification neutron)
END
  cat >"$etc/neutron/ml2.ini" <<END
[ml2]
type_drivers = local,flat
tenant_network_types = local
mechanism_drivers = noop
extension_drivers = port_security
[ml2_type_flat]
flat_networks = *
END
}

write_openrc() {
  cat >"$base/openrc" <<END
export OS_AUTH_URL=http://127.0.0.1:$keystone_port/v3
export OS_USERNAME=admin
export OS_PASSWORD=$password
export OS_PROJECT_NAME=admin
export OS_USER_DOMAIN_ID=default
export OS_PROJECT_DOMAIN_ID=default
export OS_IDENTITY_API_VERSION=3
export OS_REGION_NAME=RegionOne
END
}

configure() {
  mkdir -p "$etc"/{keystone,glance,placement,nova,neutron} "$log" "$run" "$base"/{home,lock,mq,images,nova/instances,neutron,fernet,credential}
  chmod 700 "$base/fernet" "$base/credential"
  write_plugins
  write_rabbitmq
  write_keystone
  write_glance
  write_placement
  write_nova
  write_neutron
  write_openrc
}
