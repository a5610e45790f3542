"""All scenarios, those that take longest first."""
import checks
import datagrams
import failover
import foreign
import kinds
import marks
import modules
import notices
import options
import seeds
import streams

ALL = [*foreign.ALL, *notices.ALL, *seeds.ALL, *failover.ALL, *streams.ALL, *checks.ALL,
       *datagrams.ALL, *kinds.ALL, *marks.ALL, *options.ALL]

# For a guest in which nobody has loaded IPVS.
BARE = modules.ALL
