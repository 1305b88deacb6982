//! What leaves a run besides its events: the log, and what is exported to OpenTelemetry. What is
//! counted is `loom_core::Metrics`; how it is shown to a person is the renderers'.

pub(crate) mod log;
mod otlp;

pub use otlp::Otlp;
