//! `zcat`, which is `gzip -dc`.

use bashkit::{Builtin, BuiltinContext, ExecResult, async_trait};
use bashkit::{ExecutionPlan, SubCommand};

/// `zcat [FILE…]`.
pub(crate) struct Zcat;

#[async_trait]
impl Builtin for Zcat {
    async fn execute(&self, _: BuiltinContext<'_>) -> bashkit::Result<ExecResult> {
        Ok(ExecResult::default())
    }

    async fn execution_plan(
        &self,
        context: &BuiltinContext<'_>,
    ) -> bashkit::Result<Option<ExecutionPlan>> {
        let mut args = vec!["-dc".to_owned()];
        args.extend_from_slice(context.args);
        let gzip = SubCommand {
            name: "gzip".into(),
            args,
            stdin: context.stdin.cloned(),
            assignments: Vec::new(),
        };
        Ok(Some(ExecutionPlan::Batch {
            commands: vec![gzip],
        }))
    }
}
