//! What the model is told when a call may not run: why, and what it can do instead.

use std::path::Path;

use loom_types::PermissionRequest;

use crate::permission::rule::Rule;

/// Longer rules, such as those with a whole file in their arguments, are not repeated to the model.
const MAX_RULE: usize = 200;

pub(super) fn malformed(problem: &str) -> String {
    format!(
        "the permissions can't be read, so nothing may run: {problem}; don't try again, tell the person"
    )
}

pub(super) fn rule(rule: &Rule) -> String {
    let rule = brief(rule).unwrap_or("there is");
    format!(
        "a rule forbids it ({rule}); go on without this call, and don't reach for it another way"
    )
}

pub(super) fn read_only(request: &PermissionRequest) -> String {
    format!(
        "the permission mode is read-only, and this call of `{}` does more than read; look at what you need, and describe the change instead of making it",
        request.tool
    )
}

pub(super) fn deny(request: &PermissionRequest, base: &Path) -> String {
    format!(
        "the permission mode is deny, and no rule allows this call; go on without it, or tell the person that {} would allow it",
        allowing(request, base)
    )
}

/// Nobody can be asked.
pub(in crate::permission) fn nobody(request: &PermissionRequest, base: &Path) -> String {
    format!(
        "it needs a person's permission and nobody is there to ask; go on without it, or tell the person that {} or `--permissions auto` would allow it",
        allowing(request, base)
    )
}

/// A person said no.
pub(in crate::permission) fn person(reason: Option<&str>) -> String {
    match reason.map(str::trim).filter(|it| !it.is_empty()) {
        Some(reason) => format!("the person said no: {reason}"),
        None => "the person said no; don't try it again or another way, ask what to do instead if you can't go on without it".to_owned(),
    }
}

/// Whoever should have been asked broke down.
pub(in crate::permission) fn broken() -> String {
    "asking for permission failed, so it may not run; go on without it".to_owned()
}

fn allowing(request: &PermissionRequest, base: &Path) -> String {
    let exact = Rule::exactly(request, base);
    match brief(&exact) {
        Some(rule) => format!("the rule `{rule}`"),
        None => format!("a rule for `{}`", request.tool),
    }
}

fn brief(rule: &Rule) -> Option<&str> {
    Some(rule.as_str()).filter(|text| text.len() <= MAX_RULE)
}
