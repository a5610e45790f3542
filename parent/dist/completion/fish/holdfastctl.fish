# fish completion for holdfastctl

set -l commands check diff fmt dump genhash explain words --dump
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
complete -c holdfastctl -n '__fish_seen_subcommand_from fmt' -l dump -d 'the same as the command `dump`'

complete -c holdfastctl -n "not __fish_seen_subcommand_from $commands" -a dump -d 'print a configuration as it is understood'
complete -c holdfastctl -n '__fish_seen_subcommand_from dump' -s i -l config-id -x -a '' -d 'for `@ID` lines'
complete -c holdfastctl -n '__fish_seen_subcommand_from dump' -l format -x -a 'text json' -d 'for people, or one JSON document'

complete -c holdfastctl -n "not __fish_seen_subcommand_from $commands" -a genhash -d 'print the digest of a page'
complete -c holdfastctl -n '__fish_seen_subcommand_from genhash' -s s -l server -x -a '' -d 'the servers address'
complete -c holdfastctl -n '__fish_seen_subcommand_from genhash' -s p -l port -x -a '' -d 'its port'
complete -c holdfastctl -n '__fish_seen_subcommand_from genhash' -s u -l url -x -a '' -d 'the path of the page'
complete -c holdfastctl -n '__fish_seen_subcommand_from genhash' -s S -l use-ssl -d 'over TLS, as `SSL_GET`'
complete -c holdfastctl -n '__fish_seen_subcommand_from genhash' -s V -l use-virtualhost -x -a '' -d 'for the Host header'
complete -c holdfastctl -n '__fish_seen_subcommand_from genhash' -s I -l use-sni -d 'TLS asks for the name of -V (SNI)'
complete -c holdfastctl -n '__fish_seen_subcommand_from genhash' -s P -l protocol -x -a '1.0 1.1 1.0c' -d 'of HTTP'
complete -c holdfastctl -n '__fish_seen_subcommand_from genhash' -s t -l timeout -x -a '' -d 'seconds for each step'
complete -c holdfastctl -n '__fish_seen_subcommand_from genhash' -s m -l fwmark -x -a '' -d 'mark of the packets'
complete -c holdfastctl -n '__fish_seen_subcommand_from genhash' -l sha256 -d 'print the SHA-256 instead of the MD5'
complete -c holdfastctl -n '__fish_seen_subcommand_from genhash' -s v -l verbose -d 'say the status and the time as well'

complete -c holdfastctl -n "not __fish_seen_subcommand_from $commands" -a explain -d 'say more about a code such as HF0201'
complete -c holdfastctl -n '__fish_seen_subcommand_from explain' -l list -d 'print all codes'
complete -c holdfastctl -n '__fish_seen_subcommand_from explain' -f -a '(holdfastctl explain --list 2>/dev/null | string replace -r "  " \t)'

complete -c holdfastctl -n "not __fish_seen_subcommand_from $commands" -a words -d 'list the words of the language'
complete -c holdfastctl -n '__fish_seen_subcommand_from words' -l format -x -a 'text json' -d 'for people, or one JSON document'
complete -c holdfastctl -n '__fish_seen_subcommand_from words' -f -a '(holdfastctl words 2>/dev/null | string replace " " \t)'

complete -c holdfastctl -n "not __fish_seen_subcommand_from $commands" -a --dump -d 'print a configuration as it is understood'
complete -c holdfastctl -n '__fish_seen_subcommand_from --dump' -s i -l config-id -x -a '' -d 'for `@ID` lines'
complete -c holdfastctl -n '__fish_seen_subcommand_from --dump' -l format -x -a 'text json' -d 'for people, or one JSON document'
