// What the address of a report keeps: its page, the baseline and the like.
//
// #task=sine-lstm&baseline=torch&sort.speeds=rate-&filter.speeds=jax&hide=numpy&hide-seed=1&view.x=seconds

const FIRST_PAGE = "page=report";
const PAGE_KINDS = ["page", "task"];
const SINGLE = { at: "", baseline: data.baseline, row: "" };
const LISTED = { hide: "hide", "hide-seed": "hideSeed" };
const BY_NAME = ["sort", "filter", "view", "zoom"];
