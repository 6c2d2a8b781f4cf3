/**
 * The call leads to a file system that may keep the caller waiting: the loop must not, a worker
 * may. Nothing has been done yet.
 */
export class MayWait extends Error {}
