/** The target died or cannot be looked at. Its call is refused; nobody may be left to hear it. */
export class TargetGone extends Error {}
