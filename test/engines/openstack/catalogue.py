"""The services' users and their endpoints in Keystone. Arguments: password, then a type, name and URL for each service."""
import sys

import openstack

password, *words = sys.argv[1:]
identity = openstack.connect().identity
service_project = identity.find_project('service') or identity.create_project(name='service', domain_id='default')
roles = [identity.find_role('admin'), identity.find_role('service') or identity.create_role(name='service')]
known = {service.type: service for service in identity.services()}
for kind, name, url in zip(*[iter(words)] * 3):
    user = identity.find_user(name) or identity.create_user(name=name, password=password, domain_id='default', default_project_id=service_project.id)
    for role in roles:
        identity.assign_project_role_to_user(service_project, user, role)
    if kind not in known:
        service = identity.create_service(name=name, type=kind)
        for interface in ('public', 'internal', 'admin'):
            identity.create_endpoint(service_id=service.id, interface=interface, url=url, region_id='RegionOne')
