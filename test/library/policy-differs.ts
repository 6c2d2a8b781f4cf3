/** The policy and its daemon differ: the other steps say more about that, and harm nothing. */
export class PolicyDiffers extends Error {}
