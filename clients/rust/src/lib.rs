//! A client of the REST API of sei, generated from its OpenAPI document when it is compiled.

progenitor::generate_api!(spec = "../openapi-3.0.json", interface = Builder);
