"use strict";

// Samples call the address that the reader has open, not the one that openapi.json was made with.
const SAMPLE_SERVER = "http://127.0.0.1:8080";

async function show() {
  const server = new URL(".", location.href).href.replace(/\/$/, "");
  const response = await fetch("openapi.json");
  const text = await response.text();
  Scalar.createApiReference("#reference", {
    content: JSON.parse(text.replaceAll(SAMPLE_SERVER, server)),
    baseServerURL: server,
    hiddenClients: true,
    // Nothing is asked of anyone else.
    withDefaultFonts: false,
    telemetry: false,
    agent: { disabled: true },
    mcp: { disabled: true },
    showDeveloperTools: "never",
    hideClientButton: true,
    documentDownloadType: "json",
    defaultOpenFirstTag: true,
    orderSchemaPropertiesBy: "preserve",
    modelsSectionLabel: "Schemas",
    operationTitleSource: "path",
    metaData: { title: "Estampe API" },
    theme: "none",
  });
}

show();
