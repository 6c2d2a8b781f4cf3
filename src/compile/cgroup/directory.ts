import { O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from "../../kernel/constants.ts";
import { close, open } from "../../kernel/ffi.ts";

export function withDirectory<T>(path: string, work: (fd: number) => T): T {
  const fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  try {
    return work(fd);
  } finally {
    close(fd);
  }
}
