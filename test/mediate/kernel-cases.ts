import { join } from "node:path";
import type { Built } from "./build.ts";
import { describeTree, withTrees } from "./tree.ts";

/**
 * The same calls on two copies of a tree, once unconfined and once mediated, must give the same
 * results, errors and trees. Everything in the tree is granted, and Landlock itself grants none of
 * it: what succeeds, the mediator did.
 */
export const cases: Readonly<Record<string, string>> = {
  "new file for writing": "openat @AT_FDCWD new @O_CREAT +@O_WRONLY 0644",
  "mode and umask": "openat @AT_FDCWD new @O_CREAT +@O_RDWR 0777",
  "creat truncates what is there": "creat file 0600",
  "O_EXCL on an existing file": "openat @AT_FDCWD file @O_CREAT +@O_EXCL +@O_RDWR 0644",
  "O_EXCL twice":
    "openat @AT_FDCWD new @O_CREAT +@O_EXCL +@O_RDWR 0644 ; " +
    "openat @AT_FDCWD new @O_CREAT +@O_EXCL +@O_RDWR 0644",
  "read only, close on exec": "openat @AT_FDCWD new @O_CREAT +@O_RDONLY +@O_CLOEXEC 0640",
  "append and non-blocking":
    "openat @AT_FDCWD new @O_CREAT +@O_WRONLY +@O_APPEND +@O_NONBLOCK 0640",
  "open through open(2)": "open new @O_CREAT +@O_WRONLY 0644",
  "relative to a descriptor":
    "openat @AT_FDCWD dir @O_DIRECTORY ; openat $ new @O_CREAT +@O_WRONLY 0644 ; " +
    "mkdirat 3 sub 0755",
  "a descriptor that is a file":
    "openat @AT_FDCWD file @O_RDONLY ; openat $ new @O_CREAT +@O_WRONLY 0644 ; unlinkat 3 x 0",
  "a descriptor that is not open":
    "openat 77 new @O_CREAT +@O_WRONLY 0644 ; mkdirat 77 x 0755 ; unlinkat 77 x 0 ; fchmod 77 0600",
  "set-gid directory":
    "openat @AT_FDCWD setgid/new @O_CREAT +@O_WRONLY 0664 ; mkdir setgid/sub 0755",
  "through a link": "openat @AT_FDCWD to-file @O_CREAT +@O_WRONLY 0644",
  "through a dangling link": "openat @AT_FDCWD dangling @O_CREAT +@O_WRONLY 0644",
  "dangling link with O_EXCL": "openat @AT_FDCWD dangling @O_CREAT +@O_EXCL +@O_WRONLY 0644",
  "dangling link with O_NOFOLLOW":
    "openat @AT_FDCWD dangling @O_CREAT +@O_NOFOLLOW +@O_WRONLY 0644",
  "link in the middle":
    "openat @AT_FDCWD to-dir/new @O_CREAT +@O_WRONLY 0644 ; mkdir to-dir/made 0700 ; " +
    "unlink to-dir/inner",
  "links in a ring":
    "openat @AT_FDCWD ring-a @O_CREAT +@O_WRONLY 0644 ; mkdir ring-a/x 0755 ; chmod ring-a 0600",
  dots:
    "openat @AT_FDCWD dir/../dir/./new @O_CREAT +@O_WRONLY 0644 ; mkdir dir/.. 0755 ; " +
    "rmdir dir/. ; rmdir . ; unlink dir/..",
  "double slashes": "openat @AT_FDCWD dir//new @O_CREAT +@O_WRONLY 0644 ; mkdir dir///sub// 0755",
  "trailing slash":
    "openat @AT_FDCWD new/ @O_CREAT +@O_WRONLY 0644 ; " +
    "openat @AT_FDCWD dir/ @O_CREAT +@O_WRONLY 0644 ; mkdir made/ 0755 ; rmdir made/ ; " +
    "unlink file/ ; rename file other/ ; rename dir moved/ ; chmod file/ 0600",
  "no such parent":
    "openat @AT_FDCWD none/new @O_CREAT +@O_WRONLY 0644 ; mkdir none/x 0755 ; unlink none/x ; " +
    "rename file none/x ; link file none/x ; symlink a none/x ; chmod none/x 0600",
  "a file as a parent":
    "openat @AT_FDCWD file/new @O_CREAT +@O_WRONLY 0644 ; mkdir file/x 0755 ; unlink file/x ; " +
    "chown file/x 1 1",
  "a directory for writing":
    "openat @AT_FDCWD dir @O_CREAT +@O_WRONLY 0644 ; " +
    "openat @AT_FDCWD dir @O_CREAT +@O_DIRECTORY 0644",
  "empty path":
    "openat @AT_FDCWD #hex=00 @O_CREAT +@O_WRONLY 0644 ; mkdir #hex=00 0755 ; unlink #hex=00 ; " +
    "chmod #hex=00 0600",
  "unreadable path":
    "openat @AT_FDCWD ! @O_CREAT +@O_WRONLY 0644 ; mkdir ! 0755 ; unlink ! ; rename ! ! ; " +
    "symlink ! x ; chmod ! 0600 ; utimensat @AT_FDCWD file ! 0 ; setxattr file ! x 1 0",
  "path without an end":
    "openat @AT_FDCWD #long @O_CREAT +@O_WRONLY 0644 ; mkdir #long 0755 ; unlink #long ; " +
    "chmod #long 0600 ; rename file #long",
  "path at the end of its page":
    "openat @AT_FDCWD #edge=new @O_CREAT +@O_WRONLY 0644 ; unlink #edge=new",
  "name too long":
    `mkdir ${"n".repeat(256)} 0755 ; ` +
    `openat @AT_FDCWD ${"n".repeat(256)} @O_CREAT +@O_WRONLY 0644 ; mkdir ${"n".repeat(255)} 0755`,
  "a name that is no UTF-8":
    "openat @AT_FDCWD #hex=ff80fe00 @O_CREAT +@O_WRONLY 0644 ; unlink #hex=ff80fe00 ; " +
    "mkdir #hex=c3a900 0755",
  O_TMPFILE: "openat @AT_FDCWD dir @O_TMPFILE +@O_RDWR 0600",
  "O_PATH ignores O_CREAT":
    "openat @AT_FDCWD none @O_PATH +@O_CREAT 0600 ; openat @AT_FDCWD file @O_PATH +@O_CREAT 0600",
  "no permission to write":
    "openat @AT_FDCWD readonly/new @O_CREAT +@O_WRONLY 0644 ; mkdir readonly/x 0755 ; " +
    "unlink readonly/inner ; rename readonly/inner x ; rename file readonly/x",
  "no permission to search":
    "openat @AT_FDCWD closed/new @O_CREAT +@O_WRONLY 0644 ; mkdir closed/x 0755 ; " +
    "unlink closed/inner ; chmod closed/inner 0600 ; chmod closed/. 0700",
  "a late file is opened":
    "openat @AT_FDCWD late @O_CREAT +@O_WRONLY 0644 ; " +
    "openat @AT_FDCWD late @O_CREAT +@O_RDWR 0644 ; " +
    "openat @AT_FDCWD late @O_CREAT +@O_TRUNC +@O_WRONLY 0644",
  unlink:
    "unlink file ; unlink file ; unlink dir ; unlinkat @AT_FDCWD dangling 0 ; " +
    "unlinkat @AT_FDCWD to-dir 0",
  rmdir:
    "rmdir empty ; rmdir dir ; rmdir file ; unlinkat @AT_FDCWD file @AT_REMOVEDIR ; " +
    "rmdir to-dir ; rmdir to-dir/",
  "unlinkat flags": "unlinkat @AT_FDCWD file 0x77",
  mkdir:
    "mkdir made 0777 ; mkdir made 0777 ; mkdir file 0755 ; mkdir dangling 0755 ; mkdir odd 07777",
  symlink:
    "symlink ../anything made ; symlink x file ; symlinkat y @AT_FDCWD dir/made ; " +
    "symlink #hex=00 other",
  "no room for a descriptor of a file that it would empty":
    "openat @AT_FDCWD late @O_CREAT +@O_WRONLY 0644 ; " +
    "prlimit64 0 7 #hex=04000000000000000400000000000000 ~ ; " +
    "openat @AT_FDCWD late @O_CREAT +@O_TRUNC +@O_WRONLY 0644 ; " +
    "openat @AT_FDCWD file @O_CREAT +@O_TRUNC +@O_WRONLY 0644 ; creat file 0600",
  "link to a name with a slash":
    "link file made/ ; linkat @AT_FDCWD file @AT_FDCWD dir/made// 0 ; link file dir/ ; " +
    "link file foreign/ ; link file dangling/ ; link file to-dir/ ; link file/ made ; " +
    "link none made/",
  link:
    "link file made ; link file dir/inner ; link none x ; link dir x ; link to-file made-link ; " +
    "linkat @AT_FDCWD to-file @AT_FDCWD followed @AT_SYMLINK_FOLLOW",
  "rename a file":
    "rename file moved ; rename moved dir/inner ; rename none x ; rename dir/inner ./back",
  "rename directories":
    "rename dir moved ; rename moved empty ; rename empty file ; rename file empty ; " +
    "rename empty empty/below",
  "rename without replacing":
    "renameat2 @AT_FDCWD file @AT_FDCWD dir @RENAME_NOREPLACE ; " +
    "renameat2 @AT_FDCWD file @AT_FDCWD moved @RENAME_NOREPLACE",
  exchange:
    "renameat2 @AT_FDCWD file @AT_FDCWD dir @RENAME_EXCHANGE ; " +
    "renameat2 @AT_FDCWD file @AT_FDCWD none @RENAME_EXCHANGE",
  "rename onto itself": "rename file file ; link file twin ; rename file twin",
  mknod:
    "mknod fifo @S_IFIFO +0644 0 ; mknod sock @S_IFSOCK +0644 0 ; " +
    "mknod plain @S_IFREG +0666 0 ; mknod none/x @S_IFIFO 0 ; mknodat @AT_FDCWD bare 0640 0 ; " +
    "mknod file @S_IFIFO 0",
  chmod:
    "chmod file 0600 ; chmod to-file 0640 ; chmod none 0600 ; fchmodat @AT_FDCWD dir 0711 ; " +
    "chmod dangling 0600",
  "fchmodat2 and links":
    "fchmodat2 @AT_FDCWD file 0604 0 ; fchmodat2 @AT_FDCWD to-file 0600 @AT_SYMLINK_NOFOLLOW ; " +
    "fchmodat2 @AT_FDCWD dir/inner 0600 @AT_SYMLINK_NOFOLLOW",
  fchmod: "openat @AT_FDCWD file @O_RDONLY ; fchmod $ 0606 ; fchmod 1 0600",
  "set-gid of directories": "chmod dir 02775",
  chown:
    "chown file -1 -1 ; chown file 33 33 ; lchown to-file -1 -1 ; " +
    "fchownat @AT_FDCWD to-file 33 -1 @AT_SYMLINK_NOFOLLOW ; chown file 0 0 ; chown none 1 1",
  fchown:
    "openat @AT_FDCWD file @O_RDONLY ; fchown $ -1 33 ; fchownat 3 #hex=00 -1 -1 @AT_EMPTY_PATH",
  times:
    "utimensat @AT_FDCWD file " +
    "#hex=010000000000000002000000000000000300000000000000040000000000000000 0 ; " +
    "utimensat @AT_FDCWD to-file " +
    "#hex=0500000000000000060000000000000007000000000000000800000000000000 " +
    "@AT_SYMLINK_NOFOLLOW ; " +
    "utimensat @AT_FDCWD none ~ 0 ; utimensat @AT_FDCWD file ~ 0x40",
  "times of old":
    "utime file #hex=09000000000000000a00000000000000 ; " +
    "utimes dir #hex=0b000000000000000c000000000000000d000000000000000e00000000000000 ; " +
    "utimes dir #hex=0b00000000000000404b4c00000000000d000000000000000e00000000000000 ; " +
    "futimesat @AT_FDCWD file " +
    "#hex=0f00000000000000100000000000000011000000000000001200000000000000",
  "times of a descriptor":
    "openat @AT_FDCWD file @O_RDONLY ; " +
    "utimensat $ ~ #hex=01000000000000000200000000000000030000000000000004000000000000 0",
  xattr:
    "setxattr file user.a value 5 0 ; setxattr file user.a value 5 1 ; " +
    "setxattr file user.b value 5 2 ; setxattr to-file user.c v 1 0 ; " +
    "lsetxattr to-file user.c v 1 0 ; setxattr file user.big file 70000 0 ; " +
    "setxattr file nonsense v 1 0",
  removexattr:
    "setxattr file user.a value 5 0 ; removexattr file user.a ; removexattr file user.a ; " +
    "openat @AT_FDCWD file @O_RDONLY ; fsetxattr $ user.f v 1 0 ; fremovexattr 4 user.f",
  "xattr of descriptors and links":
    "setxattrat @AT_FDCWD file 0 user.a #xattr=value 16 ; " +
    "setxattrat @AT_FDCWD to-file @AT_SYMLINK_NOFOLLOW user.b #xattr=value 16 ; " +
    "setxattrat @AT_FDCWD file 0 user.a #xattr=value 8 ; " +
    "removexattrat @AT_FDCWD file 0 user.a ; removexattrat @AT_FDCWD file 0 user.a ; " +
    "openat @AT_FDCWD file @O_RDONLY ; setxattrat $ #hex=00 @AT_EMPTY_PATH user.c #xattr=v 16",
  "inode flags":
    "openat @AT_FDCWD file @O_RDONLY ; ioctl $ 0x40086602 #hex=40000800 ; " +
    "ioctl 3 0x80086601 #hex=00000000 ; " +
    "ioctl 3 0x401c5820 #hex=80000000000000000000000000000000000000000000000000000000 ; " +
    "ioctl 3 0x40086602 ! ; ioctl 77 0x40086602 #hex=40000800 ; " +
    "openat @AT_FDCWD dir @O_DIRECTORY ; ioctl $ 0x40086602 #hex=40000800 ; " +
    "openat @AT_FDCWD file @O_PATH ; ioctl $ 0x40086602 #hex=40000800",
  file_setattr:
    "file_setattr @AT_FDCWD file #hex=800000000000000000000000000000000000000000000000 24 0 ; " +
    "file_setattr @AT_FDCWD none #hex=800000000000000000000000000000000000000000000000 24 0 ; " +
    "file_setattr @AT_FDCWD file #hex=80 8 0 ; openat @AT_FDCWD dir @O_DIRECTORY ; " +
    "file_setattr $ #hex=00 " +
    "#hex=800000000000000000000000000000000000000000000000 24 @AT_EMPTY_PATH",
  "descriptors by their name in /proc":
    "openat @AT_FDCWD file @O_RDONLY ; chmod /proc/self/fd/3 0604 ; " +
    "chmod /proc/thread-self/fd/3 0606 ; chmod /dev/fd/3 0600 ; chown /proc/self/fd/3 -1 -1 ; " +
    "setxattr /proc/self/fd/3 user.p v 1 0 ; openat @AT_FDCWD dir @O_PATH ; " +
    "chmod /proc/self/fd/4 0711",
  memfd: "memfd_create name @MFD_CLOEXEC ; memfd_create name 0x7000",
  "another user's files":
    "chmod foreign 0777 ; unlink foreign ; utimensat @AT_FDCWD foreign-dir ~ 0 ; " +
    "openat @AT_FDCWD foreign-dir/x @O_CREAT +@O_WRONLY 0644",
  "sticky directory":
    "unlink sticky/foreign ; openat @AT_FDCWD sticky/foreign @O_CREAT +@O_WRONLY 0644 ; " +
    "openat @AT_FDCWD sticky/link @O_CREAT +@O_WRONLY 0644 ; " +
    "openat @AT_FDCWD sticky/mine @O_CREAT +@O_WRONLY 0644 ; rename sticky/foreign sticky/x ; " +
    "link sticky/foreign sticky/hard",
  "devices and fifos are left to the kernel":
    "openat @AT_FDCWD /dev/null @O_CREAT +@O_WRONLY 0644 ; " +
    "openat @AT_FDCWD /dev/stdout @O_CREAT +@O_WRONLY 0644",
  "own descriptors in /proc":
    "openat @AT_FDCWD /proc/self/comm @O_CREAT +@O_RDONLY 0644 ; " +
    "openat @AT_FDCWD /proc/thread-self/comm @O_CREAT +@O_RDONLY 0644",
};

/** What a case printed, and the tree that it left. */
export interface Left {
  readonly lines: readonly string[];
  readonly tree: readonly string[];
}

/**
 * Every case in a tree of its own, all with one start of the program that `run` gets: a mediator
 * for each of them would cost a hundred times as much.
 */
export function leftByEach(
  built: Built,
  owner: { readonly uid: number; readonly gid: number },
  run: (program: readonly string[], root: string) => readonly string[],
): ReadonlyMap<string, Left> {
  const scripts = Object.entries(cases);
  const folders = scripts.map((_, index) => String(index));
  return withTrees(owner, folders, (root) => {
    const words = scripts.flatMap(([, script], index) => [
      "--in",
      join(root, String(index)),
      ...script.split(" "),
    ]);
    const lines = linesByFolder(run([built.compile("each-case"), ...words], root));
    return new Map(
      scripts.map(([name], index) => {
        const tree = join(root, String(index));
        return [name, { lines: lines.get(tree) ?? [], tree: describeTree(tree) }];
      }),
    );
  });
}

function linesByFolder(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  let own: string[] = [];
  for (const line of lines) {
    const folder = /^== (.*)$/.exec(line)?.[1];
    if (folder === undefined) {
      own.push(line);
      continue;
    }
    own = [];
    found.set(folder, own);
  }
  return found;
}
