use crate::model::{member, pool, sorry, verdict};
use holdfast_ipc::balance::{
    CheckId, CheckVerdict, MemberId, PoolChange, PoolCheck, PoolConfig, PoolId, PoolMember,
    PoolStanding,
};
use holdfast_ipc::config::model::{Forward, GroupMember, Protocol, Service, Tunnel};
use holdfast_vrrp::ipvs::pool::{Before, News, Pool, Verdicts};
use holdfast_vrrp::ipvs::table::{Entry, ServiceKey};

fn started(config: PoolConfig) -> (Pool, Vec<String>) {
    let mut pool = Pool::new(config, &Verdicts::new(), Before::Nothing);
    let mut news = Vec::new();
    pool.start(None, &mut news);
    (pool, shown(news))
}

/// News as text: lines as they are, changes in brackets.
fn shown(news: Vec<News>) -> Vec<String> {
    let texts = news.into_iter().map(|news| match news {
        News::Log(record) => record.text,
        News::Changed(PoolChange::Member { member, up, .. }) => {
            format!("<{} {}>", member.get(), if up { "up" } else { "down" })
        }
        News::Changed(PoolChange::Quorum { up, .. }) => {
            format!("<quorum {}>", if up { "up" } else { "down" })
        }
    });
    texts.collect()
}

/// Gives the verdict of the only check of a member.
fn tell(pool: &mut Pool, place: u32, up: bool) -> Vec<String> {
    let id = pool.config().members[usize::try_from(place).unwrap()].checks[0].id;
    let mut news = Vec::new();
    pool.verdict(MemberId::new(place), &verdict(id.get(), up), &mut news);
    shown(news)
}

fn entry(pool: &Pool) -> Entry {
    pool.entries().next().unwrap().1
}

/// Last part of the address and weight of each server that the kernel should have.
fn servers(pool: &Pool) -> Vec<(String, u32)> {
    let servers = entry(pool).servers;
    let shown = servers.iter().map(|(key, server)| {
        let address = key.address.to_string();
        let last = address.rsplit(['.', ':']).next().unwrap().to_owned();
        (last, server.weight)
    });
    shown.collect()
}

fn of(expected: &[(&str, u32)]) -> Vec<(String, u32)> {
    let pairs = expected.iter();
    pairs
        .map(|(last, weight)| ((*last).to_owned(), *weight))
        .collect()
}

fn alpha(number: u8) -> PoolMember {
    let mut member = member(number);
    member.checks[0].alpha = true;
    member
}

#[test]
fn without_alpha_all_servers_serve_at_once() {
    let (pool, said) = started(pool(vec![member(1), member(2)]));
    assert_eq!(
        said,
        [
            "Gained quorum 1+0=1 <= 2 for VS [192.0.2.1]:tcp:80",
            "<quorum up>"
        ]
    );
    assert_eq!(servers(&pool), of(&[("1", 1), ("2", 1)]));
}

#[test]
fn with_alpha_nobody_serves_until_a_check_has_passed() {
    let (mut pool, said) = started(pool(vec![alpha(1), alpha(2)]));
    assert_eq!(
        said,
        [
            "Starting with quorum down 1-0=1 > 0 for VS [192.0.2.1]:tcp:80",
            "<quorum down>"
        ]
    );
    assert_eq!(servers(&pool), []);
    assert_eq!(
        tell(&mut pool, 1, true),
        [
            "Adding service [10.0.0.2]:tcp:80 to VS [192.0.2.1]:tcp:80",
            "<1 up>",
            "Gained quorum 1+0=1 <= 1 for VS [192.0.2.1]:tcp:80",
            "<quorum up>"
        ]
    );
    assert_eq!(servers(&pool), of(&[("2", 1)]));
}

#[test]
fn the_first_failure_with_alpha_is_told_to_scripts_once() {
    let (mut pool, _) = started(pool(vec![alpha(1), alpha(2)]));
    assert_eq!(tell(&mut pool, 0, false), ["<0 down>"]);
    assert_eq!(tell(&mut pool, 0, false), [""; 0]);
    assert_eq!(tell(&mut pool, 1, true)[1], "<1 up>");
    let known = standing(true, &[(0, false), (1, true)]);
    let (mut successor, said) = resumed(pool.config().clone(), &known, &[(1, false)]);
    assert_eq!(said, [""; 0]);
    assert_eq!(tell(&mut successor, 0, false), [""; 0]);
}

#[test]
fn a_failed_server_is_taken_out_and_comes_back() {
    let (mut pool, _) = started(pool(vec![member(1), member(2)]));
    assert_eq!(
        tell(&mut pool, 0, false),
        [
            "Removing service [10.0.0.1]:tcp:80 from VS [192.0.2.1]:tcp:80",
            "<0 down>"
        ]
    );
    assert_eq!(servers(&pool), of(&[("2", 1)]));
    assert_eq!(
        tell(&mut pool, 0, true),
        [
            "Adding service [10.0.0.1]:tcp:80 to VS [192.0.2.1]:tcp:80",
            "<0 up>"
        ]
    );
    assert_eq!(servers(&pool), of(&[("1", 1), ("2", 1)]));
}

#[test]
fn the_same_verdict_again_says_nothing() {
    let (mut pool, _) = started(pool(vec![member(1), member(2)]));
    assert_eq!(tell(&mut pool, 0, true), [""; 0]);
    tell(&mut pool, 0, false);
    assert_eq!(tell(&mut pool, 0, false), [""; 0]);
}

#[test]
fn a_failed_server_that_is_inhibited_stays_with_weight_0() {
    let mut first = member(1);
    first.inhibit_on_failure = true;
    let (mut pool, _) = started(pool(vec![first, member(2)]));
    assert_eq!(
        tell(&mut pool, 0, false),
        [
            "Disabling service [10.0.0.1]:tcp:80 of VS [192.0.2.1]:tcp:80",
            "<0 down>"
        ]
    );
    assert_eq!(servers(&pool), of(&[("1", 0), ("2", 1)]));
    assert_eq!(
        tell(&mut pool, 0, true),
        [
            "Enabling service [10.0.0.1]:tcp:80 of VS [192.0.2.1]:tcp:80",
            "<0 up>"
        ]
    );
}

#[test]
fn a_server_is_up_only_while_all_its_checks_pass() {
    let mut first = member(1);
    first.checks.push(PoolCheck {
        id: CheckId::new(50),
        alpha: false,
    });
    let (mut pool, _) = started(pool(vec![first, member(2)]));
    let mut news = Vec::new();
    let first = MemberId::new(0);
    assert!(pool.verdict(first, &verdict(50, false), &mut news));
    assert!(!pool.verdict(first, &verdict(1, false), &mut news));
    assert!(!pool.verdict(first, &verdict(50, true), &mut news));
    assert_eq!(servers(&pool), of(&[("2", 1)]));
    assert!(pool.verdict(first, &verdict(1, true), &mut news));
    assert_eq!(servers(&pool), of(&[("1", 1), ("2", 1)]));
}

#[test]
fn a_server_without_checks_is_always_alive() {
    let mut only = member(1);
    only.checks.clear();
    let (pool, _) = started(pool(vec![only]));
    assert_eq!(servers(&pool), of(&[("1", 1)]));
}

#[test]
fn the_quorum_is_gained_above_and_lost_below_its_hysteresis() {
    let config = PoolConfig {
        quorum: 2,
        hysteresis: 1,
        ..pool(vec![member(1), member(2), member(3)])
    };
    let (mut pool, said) = started(config);
    let vs = "for VS [192.0.2.1]:tcp:80";
    assert_eq!(said[0], format!("Gained quorum 2+1=3 <= 3 {vs}"));
    tell(&mut pool, 0, false);
    tell(&mut pool, 1, false);
    assert!(pool.has_quorum(), "1 is not below 2-1");
    let said = tell(&mut pool, 2, false);
    assert_eq!(
        said[2..],
        [
            format!("Lost quorum 2-1=1 > 0 {vs}"),
            "<quorum down>".to_owned()
        ]
    );
    tell(&mut pool, 0, true);
    tell(&mut pool, 1, true);
    assert!(!pool.has_quorum(), "2 is below 2+1");
    let said = tell(&mut pool, 2, true);
    assert_eq!(
        said[2..],
        [
            format!("Gained quorum 2+1=3 <= 3 {vs}"),
            "<quorum up>".to_owned()
        ]
    );
}

#[test]
fn a_start_between_both_limits_is_without_quorum() {
    let config = PoolConfig {
        quorum: 2,
        hysteresis: 1,
        ..pool(vec![member(1), member(2), alpha(3)])
    };
    let (_, said) = started(config);
    let text = "Starting with quorum down 2+1=3 > 2 for VS [192.0.2.1]:tcp:80";
    assert_eq!(said, [text, "<quorum down>"]);
}

#[test]
fn the_quorum_is_lost_without_any_server_whatever_the_hysteresis_is() {
    let config = PoolConfig {
        quorum: 2,
        hysteresis: 2,
        ..pool(vec![PoolMember {
            weight: 4,
            ..member(1)
        }])
    };
    let (mut pool, _) = started(config);
    assert!(pool.has_quorum());
    tell(&mut pool, 0, false);
    assert!(!pool.has_quorum());
}

#[test]
fn without_quorum_the_sorry_server_answers_alone() {
    let config = PoolConfig {
        quorum: 2,
        sorry_server: sorry(false),
        ..pool(vec![member(1), member(2)])
    };
    let (mut pool, _) = started(config);
    assert_eq!(servers(&pool), of(&[("1", 1), ("2", 1)]));
    assert_eq!(
        tell(&mut pool, 0, false),
        [
            "Removing service [10.0.0.1]:tcp:80 from VS [192.0.2.1]:tcp:80",
            "<0 down>",
            "Lost quorum 2-0=2 > 1 for VS [192.0.2.1]:tcp:80",
            "<quorum down>",
            "Adding sorry server [10.0.0.99]:tcp:80 to VS [192.0.2.1]:tcp:80",
            "Removing alive servers from the pool for VS [192.0.2.1]:tcp:80",
        ]
    );
    assert_eq!(servers(&pool), of(&[("99", 1)]));
    assert_eq!(
        tell(&mut pool, 0, true),
        [
            "Adding service [10.0.0.1]:tcp:80 to VS [192.0.2.1]:tcp:80",
            "<0 up>",
            "Gained quorum 2+0=2 <= 2 for VS [192.0.2.1]:tcp:80",
            "<quorum up>",
            "Removing sorry server [10.0.0.99]:tcp:80 from VS [192.0.2.1]:tcp:80",
            "Adding alive servers to the pool for VS [192.0.2.1]:tcp:80",
        ]
    );
    assert_eq!(servers(&pool), of(&[("1", 1), ("2", 1)]));
}

#[test]
fn an_inhibited_sorry_server_waits_with_weight_0() {
    let mut first = member(1);
    first.inhibit_on_failure = true;
    let config = PoolConfig {
        sorry_server: sorry(true),
        ..pool(vec![first])
    };
    let (mut pool, _) = started(config);
    assert_eq!(servers(&pool), of(&[("1", 1), ("99", 0)]));
    let said = tell(&mut pool, 0, false);
    assert_eq!(
        said[4],
        "Enabling sorry server [10.0.0.99]:tcp:80 of VS [192.0.2.1]:tcp:80"
    );
    assert_eq!(servers(&pool), of(&[("1", 0), ("99", 1)]));
}

#[test]
fn without_quorum_and_sorry_server_those_that_are_up_go_on() {
    let config = PoolConfig {
        quorum: 2,
        ..pool(vec![member(1), member(2)])
    };
    let (mut pool, _) = started(config);
    tell(&mut pool, 0, false);
    assert_eq!(servers(&pool), of(&[("2", 1)]));
}

#[test]
fn a_check_that_changes_the_weight_says_so_and_the_quorum_counts_it() {
    let config = PoolConfig {
        quorum: 3,
        ..pool(vec![PoolMember {
            weight: 3,
            ..member(1)
        }])
    };
    let (mut pool, _) = started(config);
    let lighter = CheckVerdict {
        weight: -2,
        ..verdict(1, true)
    };
    let mut news = Vec::new();
    assert!(pool.verdict(MemberId::new(0), &lighter, &mut news));
    assert_eq!(
        shown(news),
        [
            "Changing weight from 3 to 1 for active service [10.0.0.1]:tcp:80 of VS \
             [192.0.2.1]:tcp:80",
            "Lost quorum 3-0=3 > 1 for VS [192.0.2.1]:tcp:80",
            "<quorum down>"
        ]
    );
    assert_eq!(servers(&pool), of(&[("1", 1)]));
}

#[test]
fn no_weight_leaves_the_kernels_range() {
    let (mut pool, _) = started(pool(vec![member(1)]));
    for (weight, expected) in [(i32::MIN, 0), (i32::MAX, 0x7fff_ffff)] {
        let extreme = CheckVerdict {
            weight,
            ..verdict(1, true)
        };
        pool.verdict(MemberId::new(0), &extreme, &mut Vec::new());
        assert_eq!(servers(&pool), of(&[("1", expected)]));
    }
}

#[test]
fn a_reload_keeps_known_servers_as_they_are_and_begins_new_ones() {
    let config = pool(vec![member(1), member(2), member(3)]);
    let (mut before, _) = started(config);
    tell(&mut before, 0, false);
    // Other numbers of checks, of which the parent knows nothing to carry over.
    let mut members = vec![member(1), member(2), alpha(4)];
    members[0].checks[0].id = CheckId::new(21);
    let next = pool(members);
    let mut after = Pool::new(next, &Verdicts::new(), Before::Reload(&before));
    let mut news = Vec::new();
    after.resume(&before, &mut news);
    before.farewell(Some(&after), &mut news);
    assert_eq!(
        shown(news),
        [
            "Removing service [10.0.0.3]:tcp:80 from VS [192.0.2.1]:tcp:80",
            "<2 down>"
        ]
    );
    assert_eq!(servers(&after), of(&[("2", 1)]));
}

#[test]
fn a_reload_with_a_higher_quorum_may_lose_it() {
    let (before, _) = started(pool(vec![member(1)]));
    let next = PoolConfig {
        quorum: 2,
        ..pool(vec![member(1)])
    };
    let mut after = Pool::new(next, &Verdicts::new(), Before::Reload(&before));
    let mut news = Vec::new();
    after.resume(&before, &mut news);
    let line = "Lost quorum 2-0=2 > 1 for VS [192.0.2.1]:tcp:80";
    assert_eq!(shown(news), [line, "<quorum down>"]);
}

#[test]
fn a_virtual_server_that_a_reload_takes_away_is_told_to_go_down() {
    let (pool, _) = started(pool(vec![member(1)]));
    let mut news = Vec::new();
    pool.farewell(None, &mut news);
    assert_eq!(
        shown(news),
        [
            "Removing service [10.0.0.1]:tcp:80 from VS [192.0.2.1]:tcp:80",
            "<0 down>",
            "<quorum down>"
        ]
    );
}

#[test]
fn at_the_stop_only_omega_tells_that_everything_goes_down() {
    for omega in [false, true] {
        let config = PoolConfig {
            omega,
            ..pool(vec![member(1), member(2)])
        };
        let (mut pool, _) = started(config);
        tell(&mut pool, 1, false);
        let mut news = Vec::new();
        pool.stop(&mut news);
        let shown = shown(news);
        let down = "Shutting down service [10.0.0.1]:tcp:80 from VS [192.0.2.1]:tcp:80";
        let other = "Shutting down service [10.0.0.2]:tcp:80 from VS [192.0.2.1]:tcp:80";
        if omega {
            assert_eq!(shown, [down, "<0 down>", other, "<quorum down>"]);
        } else {
            assert_eq!(shown, [down, other]);
        }
        assert_eq!(pool.entries().count(), 0);
    }
}

#[test]
fn a_successor_tells_of_servers_that_are_not_as_at_a_start() {
    let verdicts = [verdict(1, false), verdict(2, true)];
    let verdicts = verdicts.map(|verdict| (verdict.check, verdict)).into();
    let mut pool = Pool::new(
        pool(vec![member(1), alpha(2), member(3)]),
        &verdicts,
        Before::Nothing,
    );
    let mut news = Vec::new();
    pool.start(None, &mut news);
    let line = "Gained quorum 1+0=1 <= 2 for VS [192.0.2.1]:tcp:80";
    assert_eq!(shown(news), ["<0 down>", "<1 up>", line, "<quorum up>"]);
}

fn group(members: Vec<GroupMember>) -> Service {
    Service::Group {
        name: "web".to_owned(),
        protocol: Protocol::Tcp,
        members,
    }
}

#[test]
fn a_group_is_one_pool_behind_several_services_of_the_kernel() {
    let members = vec![
        GroupMember::Addresses {
            first: [192, 0, 2, 10].into(),
            last: [192, 0, 2, 11].into(),
            port: 80,
        },
        GroupMember::Addresses {
            first: [192, 0, 2, 20].into(),
            last: [192, 0, 2, 20].into(),
            port: 8080,
        },
        GroupMember::Mark {
            mark: 9.try_into().unwrap(),
            family: holdfast_ipc::config::model::Family::V4,
        },
    ];
    let mut tunnelled = member(2);
    tunnelled.forward = Forward::Tunnel(Tunnel::Ipip);
    let config = PoolConfig {
        service: group(members),
        ..pool(vec![member(1), tunnelled])
    };
    let (pool, _) = started(config);
    let found: Vec<_> = pool
        .entries()
        .map(|(key, entry)| {
            let ports: Vec<_> = entry.servers.keys().map(|server| server.port).collect();
            (key.to_string(), ports)
        })
        .collect();
    let expected = [
        ("[192.0.2.10]:tcp:80", vec![80, 80]),
        ("[192.0.2.11]:tcp:80", vec![80, 80]),
        // Address translation changes ports, a tunnel cannot.
        ("[192.0.2.20]:tcp:8080", vec![80, 8080]),
        ("FWM 9", vec![80, 80]),
    ];
    assert_eq!(found, expected.map(|(key, ports)| (key.to_owned(), ports)));
}

#[test]
fn a_server_of_the_other_family_serves_only_through_a_tunnel() {
    let mut direct = member(1);
    direct.forward = Forward::Direct;
    let mut tunnelled = member(2);
    tunnelled.forward = Forward::Tunnel(Tunnel::Ipip);
    let config = PoolConfig {
        service: crate::model::web("2001:db8::1".parse().unwrap()),
        ..pool(vec![direct, tunnelled])
    };
    let (pool, _) = started(config);
    assert_eq!(servers(&pool), of(&[("2", 1)]));
}

#[test]
fn two_servers_that_are_one_without_their_ports_are_one() {
    let mut first = member(1);
    first.forward = Forward::Direct;
    let second = PoolMember {
        port: 8080,
        weight: 7,
        ..first.clone()
    };
    let (pool, _) = started(pool(vec![first, second]));
    assert_eq!(servers(&pool), of(&[("1", 1)]));
    assert!(matches!(
        pool.entries().next().unwrap().0,
        ServiceKey::Address { .. }
    ));
    assert_eq!(pool.config().id, PoolId::new(0));
}

/// A successor of a child that said this last, with these verdicts known.
fn resumed(
    config: PoolConfig,
    standing: &PoolStanding,
    known: &[(u32, bool)],
) -> (Pool, Vec<String>) {
    let verdicts = known
        .iter()
        .map(|(id, up)| (CheckId::new(*id), verdict(*id, *up)));
    let verdicts: Verdicts = verdicts.collect();
    let mut pool = Pool::new(config, &verdicts, Before::Predecessor(standing));
    let mut news = Vec::new();
    pool.start(Some(standing), &mut news);
    (pool, shown(news))
}

fn standing(quorum: bool, members: &[(u32, bool)]) -> PoolStanding {
    let members = members
        .iter()
        .map(|(number, up)| (MemberId::new(*number), *up));
    PoolStanding {
        pool: PoolId::new(0),
        quorum: Some(quorum),
        members: members.collect(),
    }
}

/// Quorum 2 with hysteresis 1: gained by three servers, lost below one.
fn lenient() -> PoolConfig {
    PoolConfig {
        quorum: 2,
        hysteresis: 1,
        ..pool(vec![member(1), member(2), member(3)])
    }
}

#[test]
fn a_successor_keeps_the_quorum_between_its_two_limits() {
    let down = [(1, false)];
    for quorum in [true, false] {
        let before = standing(quorum, &[(0, false)]);
        let (pool, said) = resumed(lenient(), &before, &down);
        assert_eq!(pool.has_quorum(), quorum);
        assert_eq!(said, [""; 0]);
    }
}

#[test]
fn a_server_that_came_back_while_no_child_lived_is_told_to_be_up() {
    let before = standing(true, &[(0, false)]);
    let (_, said) = resumed(lenient(), &before, &[(1, true)]);
    let line = "Adding service [10.0.0.1]:tcp:80 to VS [192.0.2.1]:tcp:80";
    assert_eq!(said, [line, "<0 up>"]);
}

#[test]
fn a_server_that_went_down_while_no_child_lived_is_told_to_be_down() {
    let (_, said) = resumed(lenient(), &standing(true, &[]), &[(2, false)]);
    let line = "Removing service [10.0.0.2]:tcp:80 from VS [192.0.2.1]:tcp:80";
    assert_eq!(said, [line, "<1 down>"]);
}

#[test]
fn a_server_that_was_down_stays_so_until_its_checks_say_otherwise() {
    let (pool, said) = resumed(lenient(), &standing(true, &[(2, false)]), &[]);
    assert_eq!(said, [""; 0]);
    assert_eq!(servers(&pool), of(&[("1", 1), ("2", 1)]));
}

#[test]
fn a_quorum_that_was_lost_while_no_child_lived_is_told() {
    let down = [(1, false), (2, false), (3, false)];
    let before = standing(true, &[(0, false), (1, false), (2, false)]);
    let (_, said) = resumed(lenient(), &before, &down);
    let line = "Lost quorum 2-1=1 > 0 for VS [192.0.2.1]:tcp:80";
    assert_eq!(said, [line, "<quorum down>"]);
}
