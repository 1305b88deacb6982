//! Export of traces and metrics to an OpenTelemetry collector by OTLP over HTTP: where it goes and
//! how it ends. What is exported of a run is in `spans` and `instruments`.
//!
//! Threads of their own send; a run never waits for them, and a collector that is away costs one
//! warning.

mod content;
mod exporter;
mod instruments;
mod names;
mod spans;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use loom_core::{ObservedRun, Observer};
use loom_types::RunEvent;
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_otlp::{Protocol, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanProcessor as _};

use crate::config::TelemetryConfig;
use exporter::Told;
use instruments::Instruments;
use spans::Spans;

/// The name of Loom in what is exported, unless `OTEL_SERVICE_NAME` says another.
const SERVICE: &str = "loom";

/// How long the end of the process waits for a collector. A local one answers in milliseconds.
const FLUSH: Duration = Duration::from_secs(2);

/// An export that is under way. Without [`shutdown`](Self::shutdown) at its end the last seconds are
/// lost.
pub struct Otlp {
    observer: Arc<Exported>,
    processor: Option<Arc<BatchSpanProcessor>>,
    meters: Option<SdkMeterProvider>,
}

/// Everything that observes a run for the export.
struct Exported {
    spans: Option<Spans>,
    instruments: Option<Instruments>,
}

/// Looks up a variable of the environment.
type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Otlp {
    /// Starts the export, if there is anywhere to export to: `otlp_endpoint`, or the variables
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` and
    /// `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`. `OTEL_SDK_DISABLED`, and `none` as
    /// `OTEL_TRACES_EXPORTER` or `OTEL_METRICS_EXPORTER`, switch it off. The other variables of
    /// OpenTelemetry's SDK, such as `OTEL_EXPORTER_OTLP_HEADERS`, hold too.
    ///
    /// # Errors
    /// If an endpoint is not an HTTP address, or threads cannot be started.
    pub fn new(config: &TelemetryConfig) -> anyhow::Result<Option<Self>> {
        let variable = |name: &str| std::env::var(name).ok();
        Self::with_environment(config, &variable)
    }

    fn with_environment(
        config: &TelemetryConfig,
        variable: Variable<'_>,
    ) -> anyhow::Result<Option<Self>> {
        let is_disabled = variable("OTEL_SDK_DISABLED");
        if is_disabled.is_some_and(|it| it.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        let traces = endpoint(config, variable, "traces")?;
        let metrics = endpoint(config, variable, "metrics")?;
        if traces.is_none() && metrics.is_none() {
            return Ok(None);
        }
        let resource = resource(variable);
        let told = Told::default();
        let processor = traces.map(|url| processor(&url, &resource, &told));
        let processor = processor.transpose()?.map(Arc::new);
        let meters = metrics.map(|url| meters(&url, resource, &told));
        let meters = meters.transpose()?;
        let observer = Exported {
            spans: processor
                .clone()
                .map(|processor| Spans::new(processor, config.content)),
            instruments: meters
                .as_ref()
                .map(|meters| Instruments::new(&meters.meter(SERVICE))),
        };
        Ok(Some(Self {
            observer: Arc::new(observer),
            processor,
            meters,
        }))
    }

    /// What exports the runs of an agent that has it for an observer.
    #[must_use]
    pub fn observer(&self) -> Arc<dyn Observer> {
        Arc::clone(&self.observer) as Arc<dyn Observer>
    }

    /// Sends what is left and ends the export, within two seconds.
    pub async fn shutdown(&self) {
        let processor = self.processor.clone();
        let meters = self.meters.clone();
        // Both wait for their threads; what fails was told by the exporters.
        let spans = tokio::task::spawn_blocking(move || {
            processor.map(|processor| processor.shutdown_with_timeout(FLUSH))
        });
        let metrics = tokio::task::spawn_blocking(move || {
            meters.map(|meters| meters.shutdown_with_timeout(FLUSH))
        });
        let both = futures::future::join(spans, metrics);
        if tokio::time::timeout(FLUSH, both).await.is_err() {
            tracing::warn!("the collector took too long; the last telemetry was not sent");
        }
    }
}

impl std::fmt::Debug for Otlp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Otlp")
            .field("traces", &self.processor.is_some())
            .field("metrics", &self.meters.is_some())
            .finish_non_exhaustive()
    }
}

impl Observer for Exported {
    fn event(&self, run: &ObservedRun<'_>, event: &RunEvent) {
        if let Some(spans) = &self.spans {
            spans.event(run, event);
        }
        if let Some(instruments) = &self.instruments {
            instruments.event(run, event);
        }
    }
}

/// Where a signal goes; none if nowhere.
fn endpoint(
    config: &TelemetryConfig,
    variable: Variable<'_>,
    signal: &str,
) -> anyhow::Result<Option<String>> {
    // An empty variable is one that is not set: so says the specification.
    let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let upper = signal.to_uppercase();
    let exporter = variable(&format!("OTEL_{upper}_EXPORTER"));
    if exporter.is_some_and(|it| it.eq_ignore_ascii_case("none")) {
        return Ok(None);
    }
    let name = format!("OTEL_EXPORTER_OTLP_{upper}_ENDPOINT");
    let (url, source) = if let Some(url) = variable(&name) {
        (url, name)
    } else {
        let configured = config.otlp_endpoint.clone();
        let base = configured.or_else(|| variable("OTEL_EXPORTER_OTLP_ENDPOINT"));
        let Some(base) = base else {
            return Ok(None);
        };
        let url = format!("{}/v1/{signal}", base.trim_end_matches('/'));
        (url, "telemetry.otlp_endpoint".to_owned())
    };
    let has_host = |scheme: &str| {
        let rest = url.strip_prefix(scheme);
        rest.is_some_and(|rest| !rest.starts_with('/') && !rest.is_empty())
    };
    if !has_host("http://") && !has_host("https://") {
        bail!(
            "{source}: {url} is no address of a collector; write it as http://localhost:4318, the port \
             for OTLP over HTTP"
        );
    }
    Ok(Some(url))
}

/// Who sends it.
fn resource(variable: Variable<'_>) -> Resource {
    let attributes = variable("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    let is_named = variable("OTEL_SERVICE_NAME").is_some_and(|name| !name.is_empty())
        || attributes.contains("service.name=");
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let builder = Resource::builder().with_attribute(version);
    if is_named {
        builder.build()
    } else {
        builder.with_service_name(SERVICE).build()
    }
}

fn processor(url: &str, resource: &Resource, told: &Told) -> anyhow::Result<BatchSpanProcessor> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(url);
    let exporter = exporter
        .build()
        .with_context(|| format!("the export of traces to {}", exporter::origin(url)))?;
    let mut processor = BatchSpanProcessor::builder(told.of(exporter, url)).build();
    processor.set_resource(resource);
    Ok(processor)
}

fn meters(url: &str, resource: Resource, told: &Told) -> anyhow::Result<SdkMeterProvider> {
    let exporter = opentelemetry_otlp::MetricExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(url);
    let exporter = exporter
        .build()
        .with_context(|| format!("the export of metrics to {}", exporter::origin(url)))?;
    let reader = PeriodicReader::builder(told.of(exporter, url)).build();
    Ok(SdkMeterProvider::builder()
        .with_resource(resource)
        .with_reader(reader)
        .build())
}

#[cfg(test)]
mod tests;
