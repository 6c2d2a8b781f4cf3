/** The target died or cannot be looked at. Its call is refused; nobody may be left to hear it. */
export class TargetGone extends Error {}

/** It has so many supplementary groups that to read them would keep others waiting. */
export class TooManyGroups extends TargetGone {}
