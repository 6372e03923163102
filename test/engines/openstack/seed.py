"""Networks, security groups, a flavor and an image for the tests; what is there already stays."""
import openstack

cloud = openstack.connect()
network = cloud.network
inner = network.find_network('network_oj') or network.create_network(name='network_oj')
subnet = network.find_subnet('sub_oj') or network.create_subnet(name='sub_oj', network_id=inner.id, ip_version=4, cidr='10.20.0.0/20', is_dhcp_enabled=False)
outer = network.find_network('EXT_01') or network.create_network(name='EXT_01', is_router_external=True, provider_network_type='flat', provider_physical_network='ext')
if not network.find_subnet('sub_ext'):
    network.create_subnet(name='sub_ext', network_id=outer.id, ip_version=4, cidr='172.24.0.0/20', is_dhcp_enabled=False)
if not network.find_router('router_oj'):
    router = network.create_router(name='router_oj', external_gateway_info={'network_id': outer.id})
    network.add_interface_to_router(router, subnet_id=subnet.id)
for name in ('oj_teacher', 'oj_exam'):
    if not network.find_security_group(name):
        group = network.create_security_group(name=name)
        network.create_security_group_rule(security_group_id=group.id, direction='ingress', protocol='tcp', port_range_min=22, port_range_max=22)
for name, ram, vcpus in (('m1.small', 64, 1), ('m1.impossible', 4_000_000, 1)):
    if not cloud.compute.find_flavor(name):
        cloud.compute.create_flavor(name=name, ram=ram, vcpus=vcpus, disk=1)
if not cloud.image.find_image('tiny'):
    cloud.create_image('tiny', filename='/etc/hostname', disk_format='raw', container_format='bare', wait=True)
