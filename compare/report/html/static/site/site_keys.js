// What the address of a site keeps: its page, which runs are left, two of them, and what is looked at.
//
// #page=history&task=mnist-rows&machine=0f3a&since=2026-01-01&measure=times&order=torch&hide=numpy

const FIRST_PAGE = "page=runs";
const PAGE_KINDS = ["page"];
const SINGLE = {
  at: "", task: "", adapter: "", machine: "", version: "", since: "", until: "",
  first: "", second: "", measure: "speed", order: "date",
};
const LISTED = { hide: "hide" };
const BY_NAME = ["sort", "filter", "view", "zoom"];
