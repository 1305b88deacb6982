//! The built-in plugins that this program was built without, and what to do about it.

use loom_builtins::Missing;

use super::summary::PluginProblem;
use crate::config::Config;

/// Those that the configuration does not switch off.
pub(super) fn missing(all: &[Missing], config: &Config) -> Vec<PluginProblem> {
    let is_wanted = |missing: &&Missing| {
        let plugin = config.plugins.get(missing.name);
        plugin.is_none_or(|plugin| plugin.enabled)
    };
    let wanted = all.iter().filter(is_wanted);
    let problem = |missing: &Missing| PluginProblem {
        source: missing.name.to_owned(),
        reason: format!(
            "the plugin {0} is not part of this build: it needs {1}; install that and build again, or \
             set plugins.{0}.enabled = false",
            missing.name, missing.needs
        ),
    };
    wanted.map(problem).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop here")]

    use super::*;

    #[test]
    fn what_is_missing_is_told_with_what_it_needs_unless_it_is_switched_off() {
        let all = [
            Missing {
                name: "python",
                needs: "python3",
            },
            Missing {
                name: "bash",
                needs: "a compiler",
            },
        ];
        let config = Config::from_toml("plugins.bash.enabled = false").unwrap();
        let told = missing(&all, &config);
        let [python] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert_eq!(python.source, "python");
        insta::assert_snapshot!(python.reason, @"the plugin python is not part of this build: it needs python3; install that and build again, or set plugins.python.enabled = false");
    }
}
