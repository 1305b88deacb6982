//! What Loom's own session stores share: the ranking of a search that looks at every entry, and the
//! paging of a list of sessions. How entries are kept is each store's own business and not here.

pub mod page;
pub mod ranking;

pub mod words;
