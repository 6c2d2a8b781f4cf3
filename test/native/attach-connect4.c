/* attach-connect4 DIR: attaches to that cgroup a program that refuses every connect over IPv4;
   prints the program's tag. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static long bpf(int command, union bpf_attr *attributes)
{
  return syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

int main(int argc, char **argv)
{
  struct bpf_insn instructions[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
    {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr load = {.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
                         .insn_cnt = 2,
                         .insns = (uintptr_t)instructions,
                         .license = (uintptr_t) "GPL",
                         .expected_attach_type = BPF_CGROUP_INET4_CONNECT};
  int directory = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;
  int program = (int)bpf(BPF_PROG_LOAD, &load);
  union bpf_attr attach = {.target_fd = (uint32_t)directory,
                           .attach_bpf_fd = (uint32_t)program,
                           .attach_type = BPF_CGROUP_INET4_CONNECT,
                           .attach_flags = BPF_F_ALLOW_MULTI};
  if (directory < 0 || program < 0 || bpf(BPF_PROG_ATTACH, &attach) != 0)
    return perror("attach"), 1;
  struct bpf_prog_info info = {0};
  union bpf_attr query = {
    .info = {.bpf_fd = (uint32_t)program, .info_len = sizeof info, .info = (uintptr_t)&info},
  };
  if (bpf(BPF_OBJ_GET_INFO_BY_FD, &query) != 0)
    return perror("info"), 1;
  for (int i = 0; i < 8; i++)
    printf("%02x", info.tag[i]);
  return 0;
}
