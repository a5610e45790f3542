# fish completion for holdfastctl

set -l commands check diff fmt dump explain words
complete -c holdfastctl -n "not __fish_seen_subcommand_from $commands" -f
complete -c holdfastctl -l color -x -a 'auto always never' -d 'auto: on a terminal, unless NO_COLOR is set'
complete -c holdfastctl -s h -l help -d 'print this'
complete -c holdfastctl -s v -l version -d 'print the version'

complete -c holdfastctl -n "not __fish_seen_subcommand_from $commands" -a check -d 'look for mistakes in configurations'
complete -c holdfastctl -n '__fish_seen_subcommand_from check' -l host -d 'hold them against this host as well'
complete -c holdfastctl -n '__fish_seen_subcommand_from check' -l pair -d 'hold files of several nodes against each other'
complete -c holdfastctl -n '__fish_seen_subcommand_from check' -s i -l config-id -x -a '' -d 'for `@ID` lines'
complete -c holdfastctl -n '__fish_seen_subcommand_from check' -l format -x -a 'text json' -d 'for people, or one JSON document'

complete -c holdfastctl -n "not __fish_seen_subcommand_from $commands" -a diff -d 'say what a reload would do'
complete -c holdfastctl -n '__fish_seen_subcommand_from diff' -s i -l config-id -x -a '' -d 'for `@ID` lines'
complete -c holdfastctl -n '__fish_seen_subcommand_from diff' -l format -x -a 'text json' -d 'for people, or one JSON document'

complete -c holdfastctl -n "not __fish_seen_subcommand_from $commands" -a fmt -d 'print configurations in their canonical form'
complete -c holdfastctl -n '__fish_seen_subcommand_from fmt' -s w -l write -d 'replace the files'
complete -c holdfastctl -n '__fish_seen_subcommand_from fmt' -l check -d 'change nothing, name the files that differ'

complete -c holdfastctl -n "not __fish_seen_subcommand_from $commands" -a dump -d 'print a configuration as it is understood'
complete -c holdfastctl -n '__fish_seen_subcommand_from dump' -s i -l config-id -x -a '' -d 'for `@ID` lines'
complete -c holdfastctl -n '__fish_seen_subcommand_from dump' -l format -x -a 'text json' -d 'for people, or one JSON document'

complete -c holdfastctl -n "not __fish_seen_subcommand_from $commands" -a explain -d 'say more about a code such as HF0201'
complete -c holdfastctl -n '__fish_seen_subcommand_from explain' -l list -d 'print all codes'
complete -c holdfastctl -n '__fish_seen_subcommand_from explain' -f -a '(holdfastctl explain --list 2>/dev/null | string replace -r "  " \t)'

complete -c holdfastctl -n "not __fish_seen_subcommand_from $commands" -a words -d 'list the words of the language'
complete -c holdfastctl -n '__fish_seen_subcommand_from words' -l format -x -a 'text json' -d 'for people, or one JSON document'
complete -c holdfastctl -n '__fish_seen_subcommand_from words' -f -a '(holdfastctl words 2>/dev/null | string replace " " \t)'
