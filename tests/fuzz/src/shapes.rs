//! Large texts of one kind each, for the question whether work grows with their size or faster.

use crate::config::SECOND_FILE;
use std::fmt::Write;

/// A kind of text, by the number of its parts.
pub type Shape = fn(usize) -> String;

/// All kinds.
pub const SHAPES: &[(&str, Shape)] = &[
    ("instances", |n| each(n, instance)),
    ("routers of one number", |n| each(n, one_number)),
    ("scripts", |n| {
        each(n, |i| {
            format!("vrrp_script s{i} {{\n script \"/bin/s {i}\"\n}}\n")
        })
    }),
    ("scripts that are tracked", tracked),
    ("names that are not known", |n| {
        each(n, script) + &within("track_script", n, |i| format!("  t{i}x\n"))
    }),
    ("one word again and again", |n| {
        within("", n, |i| format!(" priority {}\n", i % 250 + 1))
    }),
    ("a word and its contrary", |n| {
        within("", n, |_| {
            " track_script {\n }\n accept\n no_accept\n".to_owned()
        })
    }),
    ("unknown words", |n| {
        each(n, |i| format!("virtual_serverr{i} {{\n x{i}\n}}\n"))
    }),
    ("misspelt words", |n| {
        within("", n, |_| " priorty 5\n interfac eth0\n".to_owned())
    }),
    ("wrong values", |n| {
        within("", n, |i| format!(" advert_int x{i}\n"))
    }),
    ("blocks inside each other", |n| {
        "vrrp_instance A {\n".repeat(n) + &"}\n".repeat(n)
    }),
    ("braces without end", |n| {
        each(n, |i| format!("vrrp_instance A{i} {{\n priority 5\n"))
    }),
    ("long lines", |n| {
        within("", n, |i| {
            format!(
                " # {i} {}\n priority 5 # {}\n",
                "x y ".repeat(90),
                "é".repeat(90)
            )
        })
    }),
    ("blanks of web pages", |n| {
        each(n, |_| "\u{a0}# x\n\u{a0}\u{3000}x\n".to_owned())
    }),
    ("one line", |n| format!("# {}\n", "x $A @b ".repeat(n * 8))),
    ("includes", |n| {
        "include b.conf\n".repeat(n.min(4_000)) + SECOND_FILE + "# only this\n"
    }),
    ("definitions", |n| {
        each(n, |i| format!("$A{i}={i}\n")) + &each(n, |i| format!("! ${{A{i}}}\n$A{i}\n"))
    }),
    ("a generator", |n| {
        format!("~SEQ(i,1,{n}) vrrp_script s$i {{ script /bin/true }}\n")
    }),
    ("conditions", |n| {
        each(n, |i| {
            format!("@web1 vrrp_script s{i} {{ script /bin/x }}\n@x y\n")
        })
    }),
    ("quotations", |n| {
        within("", n, |i| format!(" notify_master \"/bin/a 'b {i}' c\"\n"))
    }),
    ("open quotations", |n| {
        within("", n, |i| format!(" notify_master \"/bin/{i}\n"))
    }),
    ("addresses of one instance", |n| {
        within("virtual_ipaddress", n, |i| {
            format!("  {}/32 dev eth0\n", address(10, i))
        })
    }),
    ("one address again and again", |n| {
        within("virtual_ipaddress", n, |_| "  10.0.0.1/32\n".to_owned())
    }),
    ("real servers of one virtual server", |n| {
        let real = |i| {
            format!(
                " real_server {} 80 {{\n  TCP_CHECK {{\n  }}\n }}\n",
                address(10, i)
            )
        };
        virtual_server(0, &(each(n, real) + " weight 3\n quorum 2\n"))
    }),
    ("virtual servers", |n| {
        each(n, |i| {
            virtual_server(i, " real_server 10.0.0.1 80 {\n  TCP_CHECK {\n  }\n }\n")
        })
    }),
    ("hosts of one check", |n| {
        let hosts = each(n, |i| {
            format!("   host {{\n    connect_ip {}\n   }}\n", address(10, i))
        });
        let real = format!(" real_server 10.0.0.1 25 {{\n  SMTP_CHECK {{\n{hosts}  }}\n }}\n");
        virtual_server(0, &real)
    }),
    ("pages of one check", |n| {
        let pages = each(n, |i| format!("   url {{\n    path /{i}\n   }}\n"));
        let real = format!(" real_server 10.0.0.1 80 {{\n  HTTP_GET {{\n{pages}  }}\n }}\n");
        virtual_server(0, &real)
    }),
    ("members of one server group", |n| {
        let lines = each(n, |i| format!(" {} 80\n", address(192, i)));
        format!("virtual_server_group G {{\n{lines}}}\n")
            + &virtual_server(0, " real_server 10.0.0.1 80 {\n }\n")
                .replace("192.0.0.0 80", "group G")
    }),
    ("static routes", |n| {
        let lines = each(n, |i| {
            format!(" {}/32 via 10.0.0.1 dev eth0\n", address(20, i))
        });
        format!("static_routes {{\n{lines}}}\n") + &instance(1)
    }),
    ("static addresses that move as well", |n| {
        let lines = each(n, |i| format!(" {}/32 dev eth0\n", address(10, i)));
        let moving = within("virtual_ipaddress", n, |i| {
            format!("  {}/32\n", address(10, i))
        });
        format!("static_ipaddress {{\n{lines}}}\n{moving}")
    }),
    ("members of one sync group", |n| {
        let members = each(n, |i| format!("  VI_{i}\n"));
        each(n, instance) + &format!("vrrp_sync_group G {{\n group {{\n{members} }}\n}}\n")
    }),
    ("unicast peers", |n| {
        within("unicast_peer", n, |i| format!("  {}\n", address(10, i)))
    }),
];

fn each(number: usize, part: impl Fn(usize) -> String) -> String {
    (0..number).map(part).collect()
}

fn address(first: u8, number: usize) -> String {
    format!(
        "{first}.{}.{}.{}",
        number >> 16,
        number >> 8 & 255,
        number & 255
    )
}

/// An instance with a block of lines, or with lines.
fn within(block: &str, number: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 1\n".to_owned();
    let lines = each(number, line);
    let _ = match block {
        "" => write!(text, "{lines}"),
        block => write!(text, " {block} {{\n{lines} }}\n"),
    };
    text + "}\n"
}

fn instance(number: usize) -> String {
    let (interface, vrid) = (number / 255, number % 255 + 1);
    format!(
        "vrrp_instance VI_{number} {{\n interface eth{interface}\n virtual_router_id {vrid}\n \
         virtual_ipaddress {{\n  {}/32\n }}\n}}\n",
        address(10, number)
    )
}

/// All of one number on one interface, each in a multicast group of its own.
fn one_number(number: usize) -> String {
    let group = format!(
        "239.{}.{}.{}",
        number >> 16,
        number >> 8 & 255,
        number & 255
    );
    instance(number)
        .replace(
            &format!("virtual_router_id {}\n", number % 255 + 1),
            "virtual_router_id 1\n",
        )
        .replace(
            &format!("interface eth{}\n", number / 255),
            &format!("interface eth0\n mcast_dst_ip {group}\n"),
        )
}

fn script(number: usize) -> String {
    format!("vrrp_script s{number} {{\n script /bin/true\n}}\n")
}

fn tracked(number: usize) -> String {
    each(number, script) + &within("track_script", number, |i| format!("  s{i}\n"))
}

fn virtual_server(number: usize, inside: &str) -> String {
    format!(
        "virtual_server {} 80 {{\n lb_algo rr\n lb_kind NAT\n protocol TCP\n{inside}}}\n",
        address(192, number)
    )
}
