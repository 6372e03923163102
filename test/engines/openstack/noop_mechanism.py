"""Binds every port of Neutron without an agent: ports and floating IPs are real in the API, no packet is moved."""
from neutron_lib.plugins.ml2 import api


class NoopMechanism(api.MechanismDriver):
    def initialize(self):
        pass

    @property
    def connectivity(self):
        return 'l2'

    def bind_port(self, context):
        for segment in context.segments_to_bind:
            context.set_binding(segment[api.ID], 'bridge', {'port_filter': True}, status='ACTIVE')
            return
