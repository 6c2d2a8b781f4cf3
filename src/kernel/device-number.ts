/** Major number of a device as stat(2) gives it (makedev(3)). */
export function majorOf(device: number): number {
  return (device >>> 8) & 0xfff;
}

/** Its minor number. */
export function minorOf(device: number): number {
  return (device & 0xff) | ((device >>> 12) & 0xfff00);
}
