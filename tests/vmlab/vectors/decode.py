"""Netlink, generic netlink and IPVS attributes as text, for the vectors' decoded fields."""
import errno
import ipaddress
import socket
import struct

COMMANDS = {
    1: 'NEW_SERVICE', 2: 'SET_SERVICE', 3: 'DEL_SERVICE', 4: 'GET_SERVICE', 5: 'NEW_DEST',
    6: 'SET_DEST', 7: 'DEL_DEST', 8: 'GET_DEST', 9: 'NEW_DAEMON', 10: 'DEL_DAEMON',
    11: 'GET_DAEMON', 12: 'SET_CONFIG', 13: 'GET_CONFIG', 14: 'SET_INFO', 15: 'GET_INFO',
    16: 'ZERO', 17: 'FLUSH',
}
CONTROL_FAMILY = 16
ERROR, DONE = 2, 3
REQUEST = 1
REQUEST_FLAGS = {1: 'REQUEST', 2: 'MULTI', 4: 'ACK', 8: 'ECHO', 16: 'DUMP_INTR', 0x300: 'DUMP'}
ERROR_FLAGS = {0x100: 'CAPPED', 0x200: 'ACK_TLVS'}
NESTED = 0x8000
TYPE_MASK = 0x3FFF


def u8(data):
    return data[0]


def u16(data):
    return struct.unpack('=H', data)[0]


def u32(data):
    return struct.unpack('=I', data)[0]


def u64(data):
    return struct.unpack('=Q', data)[0]


def be16(data):
    return struct.unpack('>H', data)[0]


def text(data):
    return data.rstrip(b'\0').decode()


def flags(data):
    value, mask = struct.unpack('=II', data)
    return {'flags': f'0x{value:08x}', 'mask': f'0x{mask:08x}'}


def ipv4(data):
    return str(ipaddress.IPv4Address(data))


def ipv6(data):
    return str(ipaddress.IPv6Address(data))


def raw(data):
    return data.hex()


STATS = {1: ('conns', u32), 2: ('in_packets', u32), 3: ('out_packets', u32), 4: ('in_bytes', u64),
         5: ('out_bytes', u64), 6: ('cps', u32), 7: ('in_pps', u32), 8: ('out_pps', u32),
         9: ('in_bps', u32), 10: ('out_bps', u32)}
STATS64 = {number: (name, u64) for number, (name, _) in STATS.items()}

SERVICE = {1: ('af', u16), 2: ('protocol', u16), 3: ('addr', raw), 4: ('port', be16),
           5: ('fwmark', u32), 6: ('sched_name', text), 7: ('flags', flags), 8: ('timeout', u32),
           9: ('netmask', raw), 10: ('stats', STATS), 11: ('pe_name', text), 12: ('stats64', STATS64)}
DEST = {1: ('addr', raw), 2: ('port', be16), 3: ('fwd_method', u32), 4: ('weight', u32),
        5: ('u_thresh', u32), 6: ('l_thresh', u32), 7: ('active_conns', u32),
        8: ('inact_conns', u32), 9: ('persist_conns', u32), 10: ('stats', STATS),
        11: ('addr_family', u16), 12: ('stats64', STATS64), 13: ('tun_type', u8),
        14: ('tun_port', be16), 15: ('tun_flags', u16)}
DAEMON = {1: ('state', u32), 2: ('mcast_ifn', text), 3: ('sync_id', u32), 4: ('sync_maxlen', u16),
          5: ('mcast_group', ipv4), 6: ('mcast_group6', ipv6), 7: ('mcast_port', u16),
          8: ('mcast_ttl', u8)}
COMMAND = {1: ('service', SERVICE), 2: ('dest', DEST), 3: ('daemon', DAEMON),
           4: ('timeout_tcp', u32), 5: ('timeout_tcp_fin', u32), 6: ('timeout_udp', u32)}
INFO = {1: ('version', u32), 2: ('conn_tab_size', u32)}
CONTROL = {1: ('family_id', u16), 2: ('family_name', text), 3: ('version', u32),
           4: ('hdrsize', u32), 5: ('maxattr', u32)}


def split_messages(data):
    """The netlink messages in one buffer."""
    while len(data) >= 16:
        length = u32(data[:4])
        yield data[:length]
        data = data[(length + 3) & ~3:]


def attributes(data, table):
    """A list, since order and padding belong to the vector."""
    found = []
    while len(data) >= 4:
        length, kind = struct.unpack('=HH', data[:4])
        name, reader = table.get(kind & TYPE_MASK, (f'unknown_{kind & TYPE_MASK}', raw))
        value = data[4:length]
        value = attributes(value, reader) if isinstance(reader, dict) else reader(value)
        found.append({'attr': name, 'nested_flag': True, 'value': value} if kind & NESTED
                     else {'attr': name, 'value': value})
        data = data[(length + 3) & ~3:]
    return name_addresses(found)


def name_addresses(found):
    """Beside the 16 raw bytes of an address, what it is in the family that stands beside it."""
    values = {one['attr']: one['value'] for one in found}
    family = values.get('af', values.get('addr_family'))
    for one in found:
        if one['attr'] == 'addr' and family in (socket.AF_INET, socket.AF_INET6):
            data = bytes.fromhex(one['value'])
            one['address'] = ipv4(data[:4]) if family == socket.AF_INET else ipv6(data)
        if one['attr'] == 'netmask' and family in (socket.AF_INET, socket.AF_INET6):
            data = bytes.fromhex(one['value'])
            one['mask'] = ipv4(data) if family == socket.AF_INET else u32(data)
    return found


def flag_names(value, names):
    """The names of the set bits; DUMP is two bits."""
    return [name for bits, name in names.items() if value & bits == bits]


def header(data):
    length, kind, bits, seq, port = struct.unpack('=IHHII', data[:16])
    return {'length': length, 'type': kind, 'flags': bits, 'seq': seq, 'port': port}


def error(head, data):
    code = struct.unpack('=i', data[16:20])[0]
    name = errno.errorcode.get(-code, str(code)) if code else 'ack'
    return {'kind': 'error', 'flags': flag_names(head['flags'], ERROR_FLAGS), 'errno': -code,
            'name': name, 'echoed_bytes': len(data) - 20}


def command(head, data):
    number, version = data[16], data[17]
    control = head['type'] == CONTROL_FAMILY
    name = f'CTRL_{number}' if control else COMMANDS.get(number, str(number))
    table = CONTROL if control else INFO if name == 'SET_INFO' else COMMAND
    return {'kind': 'control' if control else 'ipvs', 'cmd': name, 'version': version,
            'flags': flag_names(head['flags'], REQUEST_FLAGS),
            'attributes': attributes(data[20:], table)}


def message(data):
    """One netlink message, decoded."""
    head = header(data)
    if head['type'] == ERROR:
        return error(head, data)
    if head['type'] == DONE:
        return {'kind': 'done', 'flags': flag_names(head['flags'], REQUEST_FLAGS),
                'errno': -struct.unpack('=i', data[16:20])[0]}
    return command(head, data)
