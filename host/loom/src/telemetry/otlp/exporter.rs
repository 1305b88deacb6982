//! Exporters that say once that they fail, and go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// Whether the person was told that a collector can't be reached.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Arc<AtomicBool>);

/// An exporter whose first failure becomes a warning.
#[derive(Debug)]
pub(super) struct Telling<E> {
    exporter: E,
    told: Told,
    origin: String,
}

impl Told {
    /// An exporter to this URL; all that were made by the same warn once together.
    pub(super) fn of<E>(&self, exporter: E, url: &str) -> Telling<E> {
        Telling {
            exporter,
            told: self.clone(),
            origin: origin(url),
        }
    }
}

impl<E> Telling<E> {
    fn tell(&self, result: OTelSdkResult) -> OTelSdkResult {
        if let Err(error) = &result
            && !matches!(error, OTelSdkError::AlreadyShutdown)
            && !self.told.0.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                target: "loom::notice",
                "telemetry was not sent to {}: {error}; runs go on without it",
                self.origin
            );
        }
        result
    }
}

impl<E: SpanExporter> SpanExporter for Telling<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.tell(self.exporter.export(batch).await)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl<E: PushMetricExporter> PushMetricExporter for Telling<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.tell(self.exporter.export(metrics).await)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}

/// Scheme, host and port of a URL: the rest may have a key in it.
pub(super) fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}")
}
