//! What can be hoisted, what must not, and what hostile files can do.

mod coverage;
