global_defs {}
