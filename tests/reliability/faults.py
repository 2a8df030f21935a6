"""The faults that a run may meet, what it does then, and the tests that produce them."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """A row of docs/reliability.md. ``tests``: ``file::function`` below tests/."""

    fault: str
    does: str
    code: str
    tests: tuple[str, ...]


FAULTS = (
    Fault(
        "a file that is corrupt, truncated or not what it says, among good ones",
        "the others are judged; the ledger has its sha256 and why",
        "3",
        (
            "cli/test_exit_codes.py::test_3_a_broken_file_among_good_ones",
            "runners/test_hostile_files.py::test_damage_anywhere_is_found_where_pages_have_checksums",
        ),
    ),
    Fault(
        "rows that are declared and not there, counts that disagree",
        "none of the file's rows counts as judged",
        "3",
        (
            "runners/test_lying_files.py::test_a_file_that_lies_is_refused_or_judged_whole",
            "flows/test_footer.py::test_a_footer_that_lies_is_refused",
        ),
    ),
    Fault(
        "a bomb: rows, memory, processor time, names, columns",
        "the limit is named; the others are judged",
        "3",
        (
            "flows/test_footer.py::test_counts_past_all_measure_are_refused",
            "runners/test_contained.py::test_limits_are_in_force_and_output_goes_nowhere",
        ),
    ),
    Fault(
        "the process that reads a file dies, hangs or lies",
        "one more try in another process, then the file has failed",
        "3",
        (
            "runners/test_interruption.py::test_a_reader_that_dies_twice_fails_its_file_and_no_other",
            "runners/test_faults.py::test_what_goes_wrong_again_fails_its_file_and_no_other",
        ),
    ),
    Fault(
        "rows with a bad port, address, time, count, or none",
        "counted by reason, with the first ten positions; the good rows are judged",
        "3; 0 or 1 within `--max-rejected`",
        (
            "runners/test_hostile_files.py::test_a_value_that_cannot_be_used_rejects_its_row",
            "cli/test_exit_codes.py::test_1_where_the_bad_row_is_tolerated",
        ),
    ),
    Fault(
        "a schema that differs, a column that is missing",
        "column, what was found and what is wanted; the others are judged",
        "3",
        ("runners/test_hostile_files.py::test_a_file_of_the_wrong_shape_has_failed_and_can_be_told",),
    ),
    Fault(
        "a file that is replaced or grows while it is read",
        '"changed while read"; nothing of it counts',
        "3",
        (
            "flows/shared/test_sources.py::test_a_file_that_changes_while_it_is_read_proves_nothing",
            "runners/test_faults.py::test_a_file_that_grows_while_it_is_read_has_failed",
        ),
    ),
    Fault(
        "links, pipes, devices, one file twice, hidden and odd names",
        "a reason for each; no pipe is waited for",
        "3 where it was named, else as ever",
        (
            "runners/test_hostile_files.py::test_what_is_no_file_of_flows",
            "runners/test_hostile_files.py::test_any_file_name_is_written_down",
            "test_opening.py::test_what_is_no_regular_file_is_not_opened",
        ),
    ),
    Fault(
        "no input",
        "never a success",
        "2",
        ("runners/test_hostile_files.py::test_no_input_is_never_a_clean_pass",),
    ),
    Fault(
        "a file or folder of flows that may not be read",
        "path and cause; the others are judged",
        "3",
        (
            "runners/test_unreadable.py::test_flows_that_may_not_be_read_are_named_and_the_others_judged",
            "runners/test_hostile_files.py::test_a_folder_that_cannot_be_listed_has_failed",
        ),
    ),
    Fault(
        "a cluster that may not be read",
        "path and cause; nothing is judged",
        "2",
        ("runners/test_unreadable.py::test_a_cluster_that_may_not_be_read_is_named",),
    ),
    Fault(
        "a folder for results that may not be written to",
        "path and cause; nothing is left there",
        "4",
        ("runners/test_unreadable.py::test_results_that_may_not_be_written_are_named",),
    ),
    Fault(
        "manifests: a broken document, aliases that grow, a key twice, an unknown field",
        "file and line; nothing is judged",
        "2; 3 with `--keep-going`",
        (
            "cli/test_exit_codes.py::test_2_a_bad_policy_document_stops_the_run",
            "cli/test_exit_codes.py::test_3_a_bad_policy_document_with_keep_going",
            "manifests/test_yaml_events.py::test_aliases_that_explode_are_refused",
            "badinputs/test_corpus.py::test_a_bad_input_is_told_from_a_good_one",
        ),
    ),
    Fault(
        "no policy", "asks if it is meant", "2", ("cli/test_exit_codes.py::test_2_no_policies_unless_meant",)
    ),
    Fault(
        "a disk that is full, or fails, at any write",
        "path and cause; the last results stay, and what was finished",
        "4",
        (
            "runners/test_full_disk.py::test_an_audit_leaves_the_last_results_whichever_write_fails",
            "runners/test_full_disk.py::test_a_conversion_leaves_the_last_one_whichever_write_fails",
            "runners/test_resumption.py::test_a_full_disk_leaves_the_last_results",
            "runners/test_shortages.py::test_files_larger_than_may_be_written_are_4",
        ),
    ),
    Fault(
        "standard output is closed",
        "files are whole; one line, none after `| head`",
        "4; 141 after `| head`",
        (
            "cli/test_pipes.py::test_a_closed_pipe_ends_quietly",
            "cli/test_pipes.py::test_files_are_whole_when_the_pipe_is_closed",
            "cli/test_boundary.py::test_standard_output_closed_early_is_4_in_one_line",
        ),
    ),
    Fault(
        "SIGHUP, SIGINT, SIGQUIT, SIGTERM",
        "ends within a second of work; what was finished stays",
        "129, 130, 131, 143",
        (
            "runners/test_interruption.py::test_a_signal_ends_the_run_soon_and_it_can_be_resumed",
            "runners/test_signals.py::test_signals_at_random",
        ),
    ),
    Fault(
        "SIGKILL, a power cut",
        "`--resume` goes on to the same bytes; a torn part is made again",
        "none",
        (
            "runners/test_interruption.py::test_killed_again_and_again_it_ends_with_the_same_bytes",
            "runners/test_resumption.py::test_a_torn_part_is_made_again",
        ),
    ),
    Fault(
        "two runs into one folder",
        "the second says who holds it",
        "2",
        ("runners/test_resumption.py::test_one_output_folder_takes_one_run_at_a_time",),
    ),
    Fault(
        "`--resume` of another run",
        "refused; what is there stays",
        "2",
        ("runners/test_resumption.py::test_only_the_same_run_can_be_resumed_and_what_it_left_stays",),
    ),
    Fault(
        "a clock that is wrong or jumps",
        "when the run began stands in the summary only",
        "as ever",
        ("runners/test_sameness.py::test_a_clock_that_is_wrong_changes_only_when_the_run_began",),
    ),
    Fault(
        "more or fewer workers, another order of the files",
        "the same bytes",
        "as ever",
        ("runners/test_sameness.py::test_the_bytes_do_not_depend_on_workers_or_order",),
    ),
    Fault(
        "a cache of kernels that is planted, damaged or cannot be written",
        "as without a cache",
        "as ever",
        (
            "kernels/test_cache.py::test_a_pickle_is_not_loaded",
            "kernels/test_cache.py::test_a_damaged_entry_is_compiled_afresh",
            "kernels/test_cache.py::test_a_file_in_the_folders_place_is_no_error",
        ),
    ),
    Fault(
        "a table of decisions that would not fit",
        "refused while it is compiled, before memory is taken; `--max-table` allows more",
        "2",
        ("compile/test_classes.py::test_a_table_that_would_not_fit_is_refused_with_advice",),
    ),
    Fault(
        "a bug while a file is read",
        "its place; the others are judged",
        "3",
        ("runners/test_faults.py::test_what_goes_wrong_again_fails_its_file_and_no_other",),
    ),
    Fault(
        "a bug anywhere else",
        "its place and an id, and nothing of the input",
        "5",
        ("cli/test_boundary.py::test_an_internal_error_names_its_place_and_not_its_message",),
    ),
    Fault(
        "a store: no bucket, no permission, wrong or old credentials, a clock that is off, nobody there",
        "one message, without a secret; nothing is judged",
        "2",
        (
            "stores/test_faults.py::test_what_stops_a_run_is_2_and_said_once",
            "stores/test_faults.py::test_a_store_that_is_not_there",
            "stores/test_faults.py::test_a_cluster_that_cannot_be_read_is_2",
            "stores/test_faults.py::test_secrets_in_addresses_are_refused_and_not_repeated",
        ),
    ),
    Fault(
        "an object that is gone, refused, archived, cut off, or throttled (503 Slow Down)",
        "asked for again where that may help; then the file has failed, the others are judged",
        "3; as ever where it came at last",
        (
            "stores/test_faults.py::test_what_stops_a_file_is_3_and_the_others_are_judged",
            "stores/test_faults.py::test_throttling_that_ends_is_waited_for",
            "stores/test_faults.py::test_an_answer_that_is_cut_off_is_asked_for_again",
            "stores/test_faults.py::test_an_object_that_is_half_a_file",
        ),
    ),
    Fault(
        "an object that is replaced or grows while it is read, a key that reaches the store as another",
        "it has failed; nothing of it counts",
        "3",
        (
            "stores/test_faults.py::test_an_object_that_is_replaced_while_it_is_read",
            "stores/test_faults.py::test_an_object_that_grows_after_it_was_listed",
            "stores/test_faults.py::test_keys_that_reach_a_store_as_others_are_not_read",
        ),
    ),
    Fault(
        "results that cannot be put into a store, or only some of them",
        "no manifest is there; what was a result before is not written over",
        "4; 2 where there is a result",
        (
            "stores/test_results.py::test_an_upload_that_fails_is_4_and_leaves_nothing_that_passes_for_a_result",
            "stores/test_results.py::test_the_same_files_and_the_manifest_last",
            "stores/test_interruption.py::test_a_disk_that_is_full_is_4",
        ),
    ),
    Fault(
        "a store that does not answer, and Ctrl-C",
        "ends at once; nothing of objects stays behind",
        "130",
        ("stores/test_interruption.py::test_ctrl_c_ends_a_run_whose_store_does_not_answer",),
    ),
)
