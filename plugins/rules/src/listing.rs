//! Filters for what tools return about files: listings, matches, paths. They know the shapes of those
//! texts and nothing else.

use std::collections::{BTreeMap, HashMap, HashSet};

use minijinja::{Environment, Error, Value, context};

/// Adds the filters to an environment. `tables` are the rules' tables.
pub(crate) fn register(environment: &mut Environment<'static>, tables: &Value) {
    environment.add_filter("any_case", any_case);
    environment.add_filter("bytes", bytes);
    environment.add_filter("entries", entries);
    environment.add_filter("folders", folders);
    environment.add_filter("hits", hits);
    environment.add_filter("is_file_name", is_file_name);
    environment.add_filter("the_one", the_one);
    environment.add_filter("tree", tree);
    let kinds = tables.get_attr("kinds").unwrap_or_default();
    environment.add_filter("languages", move |paths: &Value| languages(paths, &kinds));
}

/// A glob pattern that matches a name in capital and small letters; a name without an extension
/// with any.
fn any_case(name: &str) -> String {
    let letters = name.chars().map(|letter| match letter {
        c if c.is_ascii_alphabetic() => {
            format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase())
        }
        '*' | '?' | '[' | ']' | '{' | '}' | '\\' => format!("[{letter}]"),
        c => c.to_string(),
    });
    let pattern: String = letters.collect();
    if name.contains('.') {
        pattern
    } else {
        format!("{{{pattern},{pattern}.*}}")
    }
}

/// A size for people: `999 bytes`, `1.2 KB`, `34 MB`.
fn bytes(size: u64) -> String {
    let units = ["KB", "MB", "GB", "TB"];
    if size < 1000 {
        return format!("{size} {}", if size == 1 { "byte" } else { "bytes" });
    }
    let mut unit = 0;
    let mut tenths = (size + 50) / 100;
    while tenths >= 10_000 && unit + 1 < units.len() {
        tenths = (tenths + 500) / 1000;
        unit += 1;
    }
    if tenths < 100 {
        format!("{}.{} {}", tenths / 10, tenths % 10, units[unit])
    } else {
        format!("{} {}", (tenths + 5) / 10, units[unit])
    }
}

/// The entries of one or several results of `list_dir`, each with `name`, `path`, `bytes` (0 for
/// what is no file) and `directory`.
fn entries(results: &Value) -> Result<Vec<Value>, Error> {
    let single = !results.get_attr("lines")?.is_undefined();
    let results = if single {
        vec![results.clone()]
    } else {
        results.try_iter()?.collect()
    };
    let mut entries = Vec::new();
    for result in results {
        let folder = result.get_attr("arguments")?.get_attr("path")?;
        let folder = folder.as_str().unwrap_or_default().to_owned();
        for line in result.get_attr("lines")?.try_iter()? {
            entries.push(entry(&folder, line.as_str().unwrap_or_default()));
        }
    }
    Ok(entries)
}

fn entry(folder: &str, line: &str) -> Value {
    let sized = line
        .strip_suffix(" bytes")
        .and_then(|line| line.rsplit_once("  "))
        .and_then(|(name, size)| Some((name, size.parse::<u64>().ok()?)));
    let (name, size) = sized.unwrap_or((line, 0));
    let folder = folder.trim_end_matches('/');
    let path = match folder {
        "" | "." => name.to_owned(),
        _ => format!("{folder}/{name}"),
    };
    context! { name, path, bytes => size, directory => name.ends_with('/') }
}

/// How many of some paths are in each folder directly below `base`, most first: `folder` (a path that
/// ends in `/`, or `base` itself) and `count`.
fn folders(paths: &Value, base: Option<&str>) -> Result<Vec<Value>, Error> {
    let base = base.unwrap_or_default().trim_end_matches('/');
    let base = if base == "." { "" } else { base };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in paths.try_iter()? {
        let path = path.to_string();
        let below = path
            .strip_prefix(base)
            .unwrap_or(&path)
            .trim_start_matches('/');
        let folder = match below.split_once('/') {
            Some((folder, _)) => path[..path.len() - below.len() + folder.len() + 1].to_owned(),
            None if base.is_empty() => "./".to_owned(),
            None => format!("{base}/"),
        };
        *counts.entry(folder).or_default() += 1;
    }
    Ok(most_first(counts)
        .map(|(folder, count)| context! { folder, count })
        .collect())
}

/// Paths as a tree of so many levels; of deeper folders it tells how many files they hold.
fn tree(paths: &Value, depth: usize) -> Result<Vec<String>, Error> {
    let paths: Vec<String> = paths.try_iter()?.map(|path| path.to_string()).collect();
    let mut held: HashMap<&str, usize> = HashMap::new();
    for path in &paths {
        for (slash, _) in path.match_indices('/') {
            *held.entry(&path[..slash]).or_default() += 1;
        }
    }
    let mut shown = HashSet::new();
    let mut lines = Vec::new();
    for path in &paths {
        let ends = path.match_indices('/').map(|(slash, _)| slash);
        for (level, end) in ends.chain([path.len()]).enumerate().take(depth) {
            let part = &path[..end];
            if !shown.insert(part) {
                continue;
            }
            let indent = "  ".repeat(level);
            let name = part.rsplit('/').next().unwrap_or(part);
            lines.push(match held.get(part) {
                Some(files) if level + 1 == depth => {
                    format!(
                        "{indent}{name}/ ({files} file{})",
                        if *files == 1 { "" } else { "s" }
                    )
                }
                Some(_) => format!("{indent}{name}/"),
                None => format!("{indent}{name}"),
            });
        }
    }
    Ok(lines)
}

fn most_first<K: Ord>(counts: BTreeMap<K, usize>) -> impl Iterator<Item = (K, usize)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter()
}

/// The lines of a `grep` result: `path`, `line` and `text`.
fn hits(lines: &Value) -> Result<Vec<Value>, Error> {
    let lines = lines.try_iter()?;
    Ok(lines.filter_map(|line| hit(line.as_str()?)).collect())
}

fn hit(line: &str) -> Option<Value> {
    let (place, text) = line
        .split_once(": ")
        .or_else(|| line.strip_suffix(':').map(|p| (p, "")))?;
    let (path, number) = place.rsplit_once(':')?;
    let number: u64 = number.parse().ok()?;
    Some(context! { path, line => number, text => text.trim() })
}

/// Whether a path looks like that of a file rather than a directory.
fn is_file_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let known = [
        "Makefile",
        "Dockerfile",
        "LICENSE",
        "README",
        "Justfile",
        "Gemfile",
    ];
    name.trim_start_matches('.').contains('.') && name != ".." || known.contains(&name)
}

/// How many of some paths are of each kind, most first: `name` and `count`. A kind whose name starts
/// with a small letter stands for several and is left out.
fn languages(paths: &Value, kinds: &Value) -> Result<Vec<Value>, Error> {
    let mut names: HashMap<String, String> = HashMap::new();
    let proper = |name: &Value| {
        name.as_str()
            .is_some_and(|n| n.starts_with(char::is_uppercase))
    };
    for name in kinds.try_iter()?.filter(proper) {
        for extension in kinds.get_item(&name)?.try_iter()? {
            names.insert(extension.to_string(), name.to_string());
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in paths.try_iter()? {
        let path = path.to_string();
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        if let Some(name) = names.get(extension) {
            *counts.entry(name.clone()).or_default() += 1;
        }
    }
    Ok(most_first(counts)
        .map(|(name, count)| context! { name, count })
        .collect())
}

/// Of several paths the only one, or the only one at the top; undefined if that leaves a choice.
fn the_one(paths: &Value) -> Result<Value, Error> {
    let paths: Vec<Value> = paths.try_iter()?.collect();
    let top = paths.iter().filter(|path| !path.to_string().contains('/'));
    let top: Vec<&Value> = top.collect();
    Ok(match (&*paths, &*top) {
        ([only], _) => only.clone(),
        (_, [only]) => (*only).clone(),
        _ => Value::UNDEFINED,
    })
}

#[cfg(test)]
mod tests;
