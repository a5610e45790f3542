//! The real `holdfast` with children that are played: what does the parent do when they are good,
//! die, hang, lie or talk nonsense?
//!
//! This executable is all of them. Copied to `holdfast-vrrp` or `holdfast-checker` beside a copy of
//! `holdfast` it plays that child; otherwise it runs the tests. Needs root, as the daemon does.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]

mod confinement;
mod fifos;
mod lives;
mod mail;
mod openings;
mod play;
mod reloads;
mod scripts;
mod servers;
mod stage;
mod start;

use std::panic::catch_unwind;
use std::process::ExitCode;

/// A test with its name.
type Test = (&'static str, fn());

macro_rules! tests {
    ($($module:ident::$name:ident,)*) => {
        &[$((stringify!($name), $module::$name as fn()),)*]
    };
}

const TESTS: &[Test] = tests! {
    start::children_are_greeted_confined_configured_and_started_in_this_order,
    start::a_child_that_refuses_the_configuration_ends_the_start_with_its_reason,
    start::a_child_of_another_version_ends_the_start,
    start::children_that_die_again_and_again_end_the_start,
    start::without_scripts_there_is_no_checker_and_no_pid_file_of_one,
    start::the_background_process_waits_until_the_daemon_is_up,
    start::errors_of_the_start_reach_the_terminal_from_the_background,
    start::a_second_daemon_is_refused_and_names_the_first,
    start::pid_files_follow_the_children_and_go_with_the_daemon,
    start::the_dump_shows_the_configuration_without_its_password,
    start::compatible_names_are_used_when_asked_for,
    start::the_log_file_holds_every_line_and_is_reopened_by_a_reload,
    start::a_relative_log_file_is_reopened_where_it_was,
    start::a_configuration_that_others_can_write_is_refused,
    start::without_the_right_to_kill_there_is_no_start,
    start::dumps_are_told_to_be_missing,
    confinement::children_arrive_with_exactly_what_they_need,
    confinement::calls_that_nobody_needs_fail_in_scripts,
    confinement::a_script_of_root_has_what_the_parent_kept,
    confinement::what_the_starter_left_open_or_ignored_reaches_nobody,
    lives::a_dead_child_goes_on_from_its_last_checkpoint,
    lives::a_child_that_hangs_is_killed_and_its_silence_is_handed_over,
    lives::a_checker_that_is_silent_for_two_seconds_is_left_alone,
    lives::many_deaths_release_the_addresses_and_tell_the_scripts,
    lives::a_refused_release_is_tried_again_and_is_no_release,
    lives::nonsense_of_any_kind_ends_the_child_that_talks_it,
    lives::a_panic_is_logged_under_the_child_s_name_in_one_line,
    lives::verdicts_go_to_the_vrrp_child_and_to_the_next_checker,
    lives::a_verdict_over_a_foreign_script_ends_the_checker,
    lives::a_checkpoint_of_a_foreign_instance_ends_the_vrrp_child,
    lives::a_checker_that_dies_again_and_again_is_left_alone_for_a_while,
    lives::foreign_instances_and_long_messages_end_the_vrrp_child,
    lives::a_child_that_ignores_the_stop_is_killed_and_its_addresses_released,
    lives::a_child_that_was_told_to_end_is_replaced_by_one_that_holds_nothing,
    lives::a_signal_to_all_of_them_starts_no_successor,
    lives::a_parent_that_dies_leaves_nobody_behind,
    reloads::all_prepare_before_anyone_commits,
    reloads::a_refusal_aborts_everywhere_and_the_next_reload_is_taken,
    reloads::a_death_while_preparing_aborts_and_the_old_configuration_is_restored,
    reloads::a_death_while_committing_is_followed_by_the_new_configuration,
    reloads::a_reload_between_two_children_waits_for_the_second,
    reloads::a_broken_file_is_refused_in_every_way_it_can_be_broken,
    reloads::an_include_that_matches_nothing_does_not_give_everything_up,
    reloads::what_is_missing_for_the_running_configuration_too_refuses_no_reload,
    reloads::another_user_of_a_script_exchanges_the_checkers,
    reloads::a_checker_that_does_not_leave_is_killed_and_waited_for_asleep,
    reloads::signals_in_a_row_make_one_more_reload,
    scripts::news_are_told_once_in_order_and_a_successor_repeats_none,
    scripts::a_stop_script_that_takes_longer_than_a_second_is_waited_for,
    scripts::stop_scripts_that_have_no_time_are_named_at_the_end,
    scripts::an_insecure_script_is_not_run_and_counts_as_failed,
    scripts::a_script_that_becomes_insecure_is_not_run_any_more,
    scripts::a_check_script_of_an_unknown_user_is_run_by_nobody_else,
    fifos::lines_wait_for_a_reader_and_the_pipe_goes_with_the_daemon,
    fifos::each_pipe_gets_the_lines_of_its_kind,
    fifos::a_reader_runs_as_its_user_gets_the_path_and_ends_with_the_daemon,
    fifos::a_reload_leaves_a_pipe_and_its_reader_alone_unless_they_changed,
    fifos::a_reader_that_ended_is_told_and_started_again_by_a_reload,
    fifos::states_are_written_again_behind_a_reload_where_that_is_asked_for,
    fifos::what_others_could_have_put_there_is_refused_and_left_alone,
    fifos::a_pipe_that_was_there_is_used_and_stays,
    fifos::a_pipe_that_nobody_reads_costs_its_oldest_lines_and_nothing_else,
    fifos::a_reload_that_brings_a_pipe_that_cannot_be_used_is_refused,
    mail::a_server_that_goes_down_is_mailed_with_what_its_check_said,
    mail::a_configuration_without_a_mail_server_sends_nothing,
    servers::pools_and_checks_come_before_the_start_of_the_children,
    servers::verdicts_over_servers_reach_the_vrrp_child_and_both_successors,
    servers::verdicts_over_servers_go_on_under_their_new_numbers_after_a_reload,
    servers::a_reload_tells_only_what_is_different_and_a_successor_everything,
    servers::a_verdict_over_a_foreign_check_ends_the_checker,
    servers::scripts_of_servers_run_once_and_a_successor_repeats_none,
    servers::scripts_of_servers_run_at_the_stop_beside_each_other,
    servers::a_child_that_is_busy_with_its_stop_is_not_taken_for_hung,
    servers::a_successor_is_told_how_the_pools_stood,
    servers::a_server_that_a_reload_took_away_begins_anew_when_it_is_back,
    servers::a_foreign_server_or_address_ends_the_vrrp_child,
    servers::an_address_that_is_here_is_told_to_the_checkers,
    servers::a_check_program_that_is_not_here_counts_as_down,
    openings::a_socket_is_opened_by_the_vrrp_child_bound_here_and_handed_on,
    openings::what_the_vrrp_child_was_refused_is_told_to_the_checker,
    openings::a_source_that_is_not_on_this_machine_is_refused_like_the_rest,
    openings::without_an_answer_the_end_of_the_vrrp_child_is_one,
    openings::a_socket_for_a_checker_that_is_gone_reaches_nobody,
    openings::a_checker_that_asks_for_what_is_not_its_own_is_ended,
    openings::a_vrrp_child_that_answers_what_nobody_asked_is_ended,
};

fn main() -> ExitCode {
    if let Some(role) = play::role() {
        return play::play(role);
    }
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let chosen = TESTS.iter().filter(|(name, _)| {
        wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()))
    });
    let mut failed = Vec::new();
    for (name, test) in chosen {
        let result = catch_unwind(test);
        println!(
            "test {name} ... {}",
            if result.is_ok() { "ok" } else { "FAILED" }
        );
        if result.is_err() {
            failed.push(*name);
        }
    }
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {}", failed.join(", "));
    ExitCode::FAILURE
}
