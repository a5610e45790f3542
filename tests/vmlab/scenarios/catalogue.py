"""All scenarios."""
import checks
import files
import options
import seeds
import failover

ALL = [*seeds.ALL, *checks.ALL, *options.ALL, *failover.ALL, *files.ALL]
