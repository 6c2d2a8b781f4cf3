/** The users who see a difference: all unless stated otherwise. */
export interface Difference {
  readonly why: string;
  readonly only?: readonly ("root" | "root-user" | "user")[];
  /** Whether it shows is a matter of timing. */
  readonly sometimes?: true;
}

const MEMORY = "memory files are sealed against execution";
const SET_ID = "set-id bits on files are refused";
const UNSIGNED = "an ordinary user's mediator cannot send a datagram in another process's name";
const OPENER =
  "a named file by AT_EMPTY_PATH takes CAP_DAC_READ_SEARCH: whether the caller opened it with " +
  "the credentials it has now is not to be seen from outside";
const WAY_OUT = "the call is a way out of the domain, which no policy grants";

/**
 * What a supervised domain at level enforcing shows its processes otherwise than they would have
 * seen it, although the policy grants all that the language can grant: by name of the case.
 * docs/mediation.md names each of them. A case that is not here must print the same, and one that
 * is here must not.
 */
export const differences: Readonly<Record<string, Difference>> = {
  "bounds/deeper_than_a_path": {
    why: "a name that is longer than a path can be is judged by nobody",
  },
  "bounds/flags_that_nobody_knows": { why: OPENER, only: ["root-user", "user"] },
  "descriptors/nameless_file_gets_names": { why: OPENER, only: ["root-user", "user"] },
  "openat/temporary_file_gets_a_name": { why: OPENER, only: ["root-user", "user"] },
  "descriptors/none_left_for_no_file": {
    why: "that there is no such file shows before there is no room for it",
  },
  "descriptors/truncated_through_proc": {
    why: "truncate does not follow /proc/self/fd; ftruncate is the same",
  },
  "eintr/opens_under_a_timer": {
    why: "a signal before the notification is received interrupts the call",
    sometimes: true,
  },
  "exec/memory_file": { why: MEMORY },
  "fork/clone3": { why: "clone3 is absent: its flags lie in memory" },
  "identity/dumpable": {
    why: "an ordinary user's mediator cannot look into an undumpable process",
    only: ["user"],
  },
  "ipc/system_v": {
    why: "an ordinary user's domain has no IPC namespace of its own",
    only: ["user"],
  },
  "limits/of_init": {
    why: "limits of processes outside the domain are not read or changed",
    only: ["root"],
  },
  "make/device_nodes": { why: "device nodes and whiteouts are refused" },
  "make/set_id_files": { why: SET_ID },
  "memory/executable_memfd": { why: MEMORY },
  "messages/datagram_pair": { why: UNSIGNED, only: ["user"] },
  "messages/datagrams_by_name": { why: UNSIGNED, only: ["user"] },
  "metadata/owners_of_set_id_files": { why: SET_ID },
  "metadata/set_id_bits": { why: SET_ID },
  "namespaces/unshare_forms": { why: "new namespaces are refused" },
  "privileged/mount_in_own_namespace": { why: "new namespaces are refused", only: ["root"] },
  "privileged/real_io_uring": { why: WAY_OUT },
  "privileged/ways_out": { why: WAY_OUT },
  "resolve/name_alone": {
    why:
      "the kernel hands over no descriptor opened with O_PATH, so that openat2 with that " +
      "flag is absent",
  },
  "socket/families_that_no_policy_grants": {
    why: "kinds of sockets that the language has no word for are refused",
  },
  "socket/pair_of_another_family": { why: "pairs are unix sockets" },
  "terminal/taken_by_opening": {
    why: "a terminal that is opened does not become the controlling one",
  },
  // Where the host itself refuses TIOCSTI it is the same.
  "terminal/typed_by_nobody": { why: "TIOCSTI is refused", sometimes: true },
  "unix_datagram/credentials": { why: UNSIGNED, only: ["user"] },
  "unix_datagram/sends": { why: UNSIGNED, only: ["user"] },
  "unix_stream/peer_is_the_caller": {
    why: "the peer is told the process id of the mediator, which connects",
  },
  "waits/datagram_until_there_is_room": { why: UNSIGNED, only: ["user"] },
};
