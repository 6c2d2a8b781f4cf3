#!/bin/sh
# Compiles cofferdam_cgroup.bpf.c to the object given as $1 (default: beside the source). The same compiler gives the same
# bytes on every machine: no path and no line information of this one is left inside, only the types that CO-RE needs.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/cofferdam_cgroup.bpf.o}
clang=${CLANG:-clang-19}
strip=${LLVM_STRIP:-llvm-strip-19}

cd "$here"
"$clang" --target=bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -fdebug-prefix-map="$here"=bpf -fdebug-compilation-dir=bpf \
	-isystem "/usr/include/$(uname -m)-linux-gnu" -c cofferdam_cgroup.bpf.c -o "$out"
"$strip" --strip-debug "$out"
