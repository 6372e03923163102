"""nova-compute with the driver of snapshot_compute.py: Nova looks for drivers in its own package only."""
import os
import sys

import nova.cmd  # before all else: it prepares the standard library
import nova.virt

nova.virt.__path__.append(os.path.dirname(os.path.abspath(__file__)))

from nova.cmd.compute import main

sys.argv[0] = 'nova-compute'
sys.exit(main())
