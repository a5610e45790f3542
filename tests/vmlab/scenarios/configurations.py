"""Configurations without checks: their messages are captured, their tables compared."""

PLAIN = '''
virtual_server 192.0.2.1 80 {
    lb_algo rr
    lb_kind NAT
    protocol TCP
    real_server 198.51.100.11 80 {
        weight 1
    }
    real_server 198.51.100.12 8080 {
        weight 3
    }
}
'''

PERSISTENT = '''
virtual_server 192.0.2.1 443 {
    lvs_sched wlc
    lvs_method DR
    protocol TCP
    persistence_timeout 50
    persistence_granularity 255.255.255.0
    real_server 198.51.100.11 443 {
        weight 1
        uthreshold 200
        lthreshold 100
    }
}
virtual_server 2001:db8::1 443 {
    lvs_sched wlc
    lvs_method DR
    protocol TCP
    persistence_timeout 50
    persistence_granularity 64
    real_server 2001:db8:1::11 443 {
    }
}
'''

FLAGS = '''
virtual_server 192.0.2.1 53 {
    lvs_sched rr
    lvs_method NAT
    protocol UDP
    ops
    real_server 198.51.100.11 53 {
    }
}
virtual_server 192.0.2.2 80 {
    lvs_sched sh
    sh-port
    sh-fallback
    lvs_method NAT
    protocol TCP
    real_server 198.51.100.11 80 {
    }
}
virtual_server 192.0.2.3 80 {
    lvs_sched mh
    mh-port
    mh-fallback
    lvs_method NAT
    protocol TCP
    real_server 198.51.100.11 80 {
    }
}
virtual_server 192.0.2.4 5060 {
    lvs_sched rr
    lvs_method NAT
    protocol UDP
    persistence_timeout 60
    persistence_engine sip
    real_server 198.51.100.11 5060 {
    }
}
virtual_server 192.0.2.5 36412 {
    lvs_sched rr
    lvs_method NAT
    protocol SCTP
    real_server 198.51.100.11 36412 {
    }
}
'''

TUNNELS = '''
virtual_server 192.0.2.1 80 {
    lvs_sched rr
    lvs_method TUN
    protocol TCP
    real_server 198.51.100.11 80 {
    }
    real_server 198.51.100.12 80 {
        lvs_method TUN type gue port 6080 csum
    }
    real_server 198.51.100.13 80 {
        lvs_method TUN type gue port 6080 remcsum
    }
    real_server 198.51.100.14 80 {
        lvs_method TUN type gre csum
    }
    real_server 198.51.100.15 80 {
        lvs_method DR
    }
    real_server 2001:db8:1::11 80 {
    }
}
'''

MARKS = '''
virtual_server fwmark 7 {
    lvs_sched rr
    lvs_method DR
    real_server 198.51.100.11 0 {
    }
}
virtual_server fwmark 7 inet6 {
    lvs_sched rr
    lvs_method DR
    real_server 2001:db8:1::11 0 {
    }
}
virtual_server_group G {
    192.0.2.10-11 80
    192.0.2.20 8080
    fwmark 9
}
virtual_server group G {
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    real_server 198.51.100.11 80 {
    }
}
'''

SORRY = '''
virtual_server 192.0.2.1 80 {
    alpha
    quorum 1
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    sorry_server 198.51.100.20 80
    real_server 198.51.100.11 80 {
        inhibit_on_failure
        weight 2
        MISC_CHECK {
            misc_path "/bin/false"
        }
    }
    real_server 198.51.100.12 80 {
        MISC_CHECK {
            misc_path "/bin/false"
        }
    }
}
'''

GLOBALS = '''
global_defs {
    lvs_timeouts tcp 600 tcpfin 90 udp 200
    lvs_flush
    lvs_sync_daemon sync0 VI_1 id 5 maxlen 1400 port 8850 ttl 3 group 224.0.0.90
}
vrrp_instance VI_1 {
    interface sync0
    virtual_router_id 51
    priority 100
    advert_int 0.1
    version 3
    virtual_ipaddress {
        192.0.2.80/32
    }
}
virtual_server 192.0.2.80 80 {
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    real_server 198.51.100.11 80 {
    }
}
'''

CASES = [
    ('plain', PLAIN), ('persistent', PERSISTENT), ('flags', FLAGS), ('tunnels', TUNNELS),
    ('marks', MARKS), ('sorry', SORRY), ('globals', GLOBALS),
]
