package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	sei "sei.invalid/client"
)

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func main() {
	url, token := setting("SEI_URL", "http://127.0.0.1:8080"), os.Getenv("SEI_TOKEN")
	tenant, ctx := setting("SEI_TENANT", "main"), context.Background()
	authorized := func(_ context.Context, request *http.Request) error {
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	}
	client, err := sei.NewClientWithResponses(url, sei.WithRequestEditorFn(authorized))
	if err != nil {
		log.Fatal(err)
	}

	// A list comes page by page.
	var services []string
	limit := 2
	for asked := (&sei.ServicesParams{Tenant: &tenant, Limit: &limit}); ; {
		page, err := client.ServicesWithResponse(ctx, asked)
		if err != nil {
			log.Fatal(err)
		}
		if page.JSON200 == nil {
			log.Fatalf("services: %s", page.Body)
		}
		for _, service := range page.JSON200.Data {
			services = append(services, service.Name)
		}
		if asked.Cursor = page.JSON200.NextCursor; asked.Cursor == nil {
			break
		}
	}
	fmt.Printf("services: %s\n", strings.Join(services, ", "))

	// The DORA report of one of them; a value that was not observed is nil.
	window := "90d"
	report, err := client.DoraWithResponse(ctx, &sei.DoraParams{Tenant: &tenant, Service: &services[0], Window: &window})
	if err != nil {
		log.Fatal(err)
	}
	if report.JSON200 == nil {
		log.Fatalf("dora: %s", report.Body)
	}
	frequency := report.JSON200.Data.DeploymentFrequency
	fmt.Printf("%s: %v deployments a day (n = %d)\n", services[0], *frequency.Value, frequency.N)

	// What can't be answered is a problem with a type, a status and what to do.
	nothing := "no-such-service"
	unknown, err := client.DoraWithResponse(ctx, &sei.DoraParams{Tenant: &tenant, Service: &nothing})
	if err != nil {
		log.Fatal(err)
	}
	problem := unknown.ApplicationproblemJSON404
	if problem == nil || problem.Type != "urn:sei:problem:not-found" {
		log.Fatalf("unexpected: %s", unknown.Body)
	}
	fmt.Printf("%d: %s\n", unknown.StatusCode(), problem.Detail)
}
