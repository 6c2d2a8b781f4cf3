#!/bin/sh
# Compiles each *.bpf.c to an object in the folder given as $1 (default: beside the sources). The
# same compiler gives the same bytes on every machine: no path of this one is left inside, only the
# types that CO-RE needs.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
clang=${CLANG:-clang-19}
strip=${LLVM_STRIP:-llvm-strip-19}

cd "$here"
for source in *.bpf.c; do
	object=$out/${source%.c}.o
	"$clang" --target=bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror \
		-fdebug-prefix-map="$here"=bpf -fdebug-compilation-dir=bpf \
		-isystem "/usr/include/$(uname -m)-linux-gnu" -c "$source" -o "$object"
	"$strip" --strip-debug "$object"
done
