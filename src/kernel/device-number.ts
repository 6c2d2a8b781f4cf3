/** As returned by stat(2) (makedev(3)). */
export function majorOf(device: number): number {
  return (device >>> 8) & 0xfff;
}

export function minorOf(device: number): number {
  return (device & 0xff) | ((device >>> 12) & 0xfff00);
}
