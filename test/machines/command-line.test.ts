import { describe, expect, test } from "vitest";
import { HostError } from "../../src/host/host-error.ts";
import { describeCommandLine } from "../../src/machines/qemu/command-line.ts";
import type { Resource } from "../../src/machines/resource.ts";

/** Each resource as one line: what a person would say of it. */
function said(line: string, ...more: readonly string[]): readonly string[] {
  const args = [...line.split(" ").filter((word) => word !== ""), ...more];
  return describeCommandLine(["-nodefaults", ...args], "/here").resources.map(sentence);
}

function sentence(resource: Resource): string {
  switch (resource.kind) {
    case "image":
      return `image ${resource.format} ${resource.access} ${resource.parents} ${resource.path}`;
    case "file":
      return `file ${resource.use} ${resource.path}`;
    case "folder":
      return `folder ${resource.access} ${resource.path}`;
    case "socket":
      return `${resource.operation} ${resource.path}`;
    case "address":
      return (
        `${resource.operation} ${resource.protocol} ` +
        `${resource.host}:${resource.ports.first}-${resource.ports.last}`
      );
    case "device":
      return `device ${resource.path}`;
    case "pci":
      return `pci ${resource.address}`;
    case "tap":
      return `tap ${resource.interface}`;
    case "outside":
      return "outside";
  }
}

function refusal(line: string): string {
  try {
    said(line);
  } catch (error) {
    if (error instanceof HostError) return `${error.message} (${error.help})`;
    throw error;
  }
  return "understood";
}

/** What options name; a line without resources names nothing of the host. */
const cases: Readonly<Record<string, readonly string[]>> = {
  "-drive file=/d/a.img,format=raw": ["image raw read-write own /d/a.img"],
  "-drive file=a.img,format=qcow2,if=virtio,cache=none,aio=threads,id=d0": [
    "image qcow2 read-write own /here/a.img",
  ],
  "-drive file=/d/a,,b.img,format=raw,readonly=on": ["image raw read own /d/a,b.img"],
  "-drive file=/d/x.iso,format=raw,media=cdrom": ["image raw read own /d/x.iso"],
  "-drive if=pflash,unit=1,format=raw,file=/d/nvram": ["image raw read-write own /d/nvram"],
  "-drive if=none,id=empty,media=cdrom": [],
  "-drive file.driver=nbd,file.server.type=unix,file.server.path=/s,format=raw": ["connect /s"],
  "-drive file=/d/a,format=qcow2,backing.driver=qcow2,backing.file.driver=file,backing.file.filename=/d/b":
    ["image qcow2 read-write none /d/a", "image qcow2 read own /d/b"],
  "-cdrom /d/x.iso": ["image raw read none /d/x.iso"],
  "-blockdev driver=file,node-name=f,filename=/d/a -blockdev qcow2,node-name=q,file=f": [
    "image qcow2 read-write own /d/a",
  ],
  "-blockdev driver=file,node-name=f,filename=/d/a,read-only=on -blockdev raw,file=f,read-only=on":
    ["image raw read own /d/a"],
  "-blockdev driver=file,node-name=f,filename=/d/a,auto-read-only=on -blockdev raw,file=f,read-only=on":
    ["image raw read own /d/a"],
  "-blockdev driver=qcow2,file.driver=file,file.filename=/d/a,read-only=on": [
    "image qcow2 read own /d/a",
  ],
  "-blockdev qcow2,file.driver=file,file.filename=/d/a,backing=": [
    "image qcow2 read-write none /d/a",
  ],
  "-blockdev driver=null-co,node-name=n,size=1G": [],
  "-blockdev throttle,file.driver=host_device,file.filename=/dev/vg/a,throttle-group=g": [
    "image raw read-write none /dev/vg/a",
  ],
  "-kernel /k -initrd /i -append root=/dev/vda -dtb /t -bios /b -option-rom /o": [
    "file read /k",
    "file read /i",
    "file read /t",
    "file read /b",
    "file read /o",
  ],
  "-chardev socket,id=a,path=/s,server=on,wait=off": ["listen /s"],
  "-chardev socket,id=a,path=/s": ["connect /s"],
  "-chardev socket,id=a,path=n,abstract=on,server=on": ["listen @n"],
  "-chardev socket,id=a,host=127.0.0.1,port=4000,server=on,to=4005": [
    "listen tcp 127.0.0.1:4000-4005",
  ],
  "-chardev file,id=a,path=log/serial,logfile=/l": ["file log /l", "file log /here/log/serial"],
  "-chardev pipe,id=a,path=/p": [
    "file read-write /p",
    "file read-write /p.in",
    "file read-write /p.out",
  ],
  "-chardev stdio,id=a,mux=on -chardev ringbuf,id=b,size=1M": [],
  "-serial stdio -serial mon:stdio -serial null -serial chardev:a -monitor none": [],
  "-serial file:/l -serial unix:/s,server,nowait -monitor unix:/m,server=on,wait=off": [
    "file log /l",
    "listen /s",
    "listen /m",
  ],
  "-serial tcp::4555,server=on,wait=off -serial telnet:[::1]:1,server -serial udp:10.0.0.1:5@:6": [
    "listen tcp :4555-4555",
    "listen tcp ::1:1-1",
    "connect udp 10.0.0.1:5-5",
    "listen udp :6-6",
  ],
  "-serial /dev/ttyUSB0": ["device /dev/ttyUSB0"],
  "-netdev user,id=n,hostfwd=tcp:127.0.0.1:2222-:22,hostfwd=udp::53-:53,tftp=/t": [
    "folder read /t",
    "listen tcp 127.0.0.1:2222-2222",
    "listen udp :53-53",
    "outside",
  ],
  "-netdev user,id=n,restrict=on,guestfwd=tcp:10.0.2.100:80-tcp:10.0.0.1:8080": [
    "connect tcp 10.0.0.1:8080-8080",
  ],
  "-netdev tap,id=n,ifname=tap0,script=no,downscript=no,vhost=on": [
    "tap tap0",
    "device /dev/vhost-net",
  ],
  "-netdev socket,id=n,connect=127.0.0.1:99": ["connect tcp 127.0.0.1:99-99"],
  "-netdev socket,id=n,mcast=230.0.0.1:1234": [
    "listen udp 230.0.0.1:1234-1234",
    "connect udp 230.0.0.1:1234-1234",
  ],
  "-netdev stream,id=n,server=on,addr.type=unix,addr.path=/s": ["listen /s"],
  "-netdev dgram,id=n,local.type=inet,local.host=::1,local.port=1,remote.type=inet,remote.host=::1,remote.port=2":
    ["listen udp ::1:1-1", "connect udp ::1:2-2"],
  "-chardev socket,id=c,path=/s -netdev vhost-user,id=n,chardev=c": ["connect /s"],
  "-nic none -nic hubport,hubid=1 -net nic,model=e1000 -net none": [],
  "-nic user,model=virtio-net-pci,mac=52:54:00:00:00:01": ["outside"],
  "-vnc unix:/v,password=on -vnc 127.0.0.1:2,to=9,websocket=on -vnc none": [
    "listen /v",
    "listen tcp 127.0.0.1:5902-5911",
    "listen tcp 127.0.0.1:5702-5702",
  ],
  "-display vnc=:1 -display none": ["listen tcp :5901-5901"],
  "-display egl-headless,rendernode=/dev/dri/renderD128": ["device /dev/dri/renderD128"],
  "-spice unix=on,addr=/s,disable-ticketing=on -spice 5930,tls-port=5931,x509-dir=/x": [
    "listen /s",
    "listen tcp :5930-5930",
    "listen tcp :5931-5931",
    "folder read /x",
  ],
  "-object memory-backend-file,id=m,mem-path=/dev/shm/a,size=1G,share=on": ["file make /dev/shm/a"],
  "-object secret,id=s,file=/s -object secret,id=t,data=x -object tls-creds-x509,id=c,dir=/c,endpoint=server":
    ["file read /s", "folder read /c"],
  "-object rng-random,id=r -object rng-builtin,id=b -object iothread,id=i": ["device /dev/urandom"],
  "-device vfio-pci,host=01:00.0 -device vfio-pci,sysfsdev=/sys/bus/pci/devices/0000:02:00.0": [
    "pci 0000:01:00.0",
    "pci 0000:02:00.0",
  ],
  "-device virtio-net-pci,netdev=n,romfile=/r -device virtio-blk-pci,drive=d,serial=1": [
    "file read /r",
  ],
  "-device vhost-vsock-pci,guest-cid=3 -device usb-host,hostbus=1,hostaddr=2": [
    "device /dev/vhost-vsock",
    "device /dev/bus/usb/001/002",
  ],
  "-device vhost-user-fs-pci,chardev=c,tag=t -device virtio-9p-pci,fsdev=f,mount_tag=t": [],
  "-fsdev local,id=f,path=/share,security_model=none -virtfs local,path=ro,mount_tag=t,security_model=none,readonly=on":
    ["folder read-write /share", "folder read /here/ro"],
  "-incoming tcp:0:4444,to=4450,ipv4=on -incoming unix:/m,n -incoming file:/a,b,offset=0x1000 -incoming defer":
    ["listen tcp 0:4444-4450", "listen /m,n", "file read /a,b"],
  "-incoming channel-type=main,addr.transport=socket,addr.type=inet,addr.host=::1,addr.port=4444 -incoming channel-type=main,addr.transport=file,addr.filename=s,addr.offset=0":
    ["listen tcp ::1:4444-4444", "file read /here/s"],
  "-pidfile /run/p -D /l -trace enable=x,file=/t -gdb tcp::1 -s -L /roms": [
    "file make /run/p",
    "file log /l",
    "file log /t",
    "connect tcp :1-1",
    "listen tcp :1234-1234",
    "folder read /roms",
  ],
  "-enable-kvm -accel kvm -accel tcg,thread=multi -machine q35,accel=kvm:tcg -M pc": [
    "device /dev/kvm",
    "device /dev/kvm",
    "device /dev/kvm",
  ],
  "-m 512 -smp 2 -cpu max -name a/b -uuid 0 -S -no-reboot -loadvm s -global driver=cfi,property=x,value=y":
    [],
  "-smbios type=1,serial=x -smbios type=11,path=/p -fw_cfg name=opt/a,file=/f -acpitable data=/a:/b -boot order=c,splash=/s":
    ["file read /p", "file read /f", "file read /a", "file read /b", "file read /s"],
};

describe("what a command line of QEMU names", () => {
  for (const [line, resources] of Object.entries(cases))
    test(line, () => expect(said(line)).toEqual(resources));

  test("JSON says the same", () => {
    const nested = {
      driver: "qcow2",
      "read-only": true,
      file: { driver: "file", filename: "/d/a" },
      backing: null,
    };
    expect(said("-blockdev", JSON.stringify(nested))).toEqual(["image qcow2 read none /d/a"]);
    expect(said("-device", '{"driver":"vfio-pci","host":"0000:01:00.0"}')).toEqual([
      "pci 0000:01:00.0",
    ]);
    expect(
      said("-netdev", '{"type":"tap","id":"n","ifname":"t","script":"no","downscript":"no"}'),
    ).toEqual(["tap t"]);
  });

  test("QEMU's own network, where none is named", () => {
    expect(describeCommandLine([], "/").resources.map(({ kind }) => kind)).toEqual(["outside"]);
    expect(describeCommandLine(["-nic", "none"], "/").resources).toEqual([]);
  });

  test("a socket of QMP is the proxy's", () => {
    const { monitors, resources } = describeCommandLine(
      ["-nic", "none", "-qmp", "unix:q,server=on,wait=off"],
      "/here",
    );
    expect(resources).toEqual([]);
    expect(monitors).toMatchObject([{ path: "/here/q", argumentsFrom: 3, argumentsTo: 5 }]);
  });
});

/** What is refused, with a word of the reason. */
const refused: Readonly<Record<string, RegExp>> = {
  "-drive file=a.img":
    /argument 2, `-drive file=a.img`: a drive without `format=`.*\(add format=raw or format=qcow2\)/,
  "-drive file=a,format=vmdk": /character 8: format `vmdk` is not known here/,
  "-drive file=a,format=raw,snapshot=on": /`snapshot=` is not allowed/,
  "-drive file=a,format=raw,fille=b":
    /character 19: `fille` is not known of -drive \(did you mean `file`\?\)/,
  "-drive file=a,file=b,format=raw": /`file` is given twice/,
  "-drive file=ssh://h/a,format=raw": /`ssh:` is not opened as a file/,
  "-drive file=json:{},format=raw": /`json:` is not opened as a file/,
  "-blockdev ssh,host=a": /block driver `ssh` is not known here/,
  "-blockdev raw,file=nobody": /there is no node `nobody`/,
  "-hda a.img": /-drive file=\.\.\.,format=raw/,
  "a.img": /a word without an option/,
  "-snapshot": /linked clone/,
  "-readconfig /f": /not allowed in a domain/,
  "-daemonize": /not allowed/,
  "-runas nobody": /--user USER/,
  "-run-with chroot=/x": /not allowed/,
  "-add-fd fd=3,set=1": /no descriptor is inherited/,
  "-set drive.a.file=/etc/shadow": /not allowed/,
  "-frobnicate x": /argument 2, `-frobnicate`: an option that is not known here/,
  "-driev x": /did you mean `-drive`/,
  "-serial pty": /not allowed in a domain/,
  "-chardev pty,id=p": /not allowed in a domain/,
  "-chardev socket,id=a,fd=3": /`fd=` is not allowed/,
  "-netdev bridge,id=n,br=br0": /ip tuntap add/,
  "-netdev tap,id=n,ifname=tap0": /`script` would be started/,
  "-netdev tap,id=n,fd=3": /`fd=` is not allowed/,
  "-netdev user,id=n,smb=/x": /start a server of the host/,
  "-netdev user,id=n,guestfwd=tcp:10.0.2.1:1-cmd:id": /guestfwd to `cmd:id` is not allowed/,
  "-device virtio-gpu,future=/dev/dri/card0": /may name a file of the host/,
  "-device usb-host,vendorid=1,productid=2": /no device of the host is named/,
  "-object can-host-socketcan,id=c": /object `can-host-socketcan` is not allowed/,
  "-display gtk": /display `gtk` is not allowed/,
  "-qmp stdio": /QMP over anything but a unix socket/,
  "-mon chardev=a,mode=control": /QMP over a chardev/,
  "-incoming exec:cat": /migration over `exec:`/,
  "-incoming fd:3": /migration over `fd:`/,
  "-incoming tcp:0:4444,mptcp=on": /`mptcp=on` is not known of an address/,
  "-incoming channel-type=cpr,addr.transport=socket,addr.type=unix,addr.path=/m": /a channel `cpr`/,
  "-incoming channel-type=main,addr.transport=exec,addr.args.0=/bin/sh": /migration over `exec`/,
  "-incoming channel-type=main,addr.transport=socket,addr.type=fd,addr.str=3":
    /`fd` is not allowed/,
  "-global driver=x,property=y,value=/etc/shadow": /may name a file/,
  "-kernel": /its value is missing/,
  "-virtfs proxy,socket=/s,mount_tag=t": /`proxy` is not allowed/,
  "-device {": /no JSON/,
};

describe("what is refused, with its place and what to write instead", () => {
  for (const [line, why] of Object.entries(refused))
    test(line, () => expect(refusal(line)).toMatch(why));
});
