// The official MCP SDK for Go, with its own authorization code flow.
package main

import (
	"context"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"

	"postern.test/polyglot/internal/walk"
)

func fetchCode(_ context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
	answer, err := walk.Authorize(args.URL)
	if err != nil {
		return nil, err
	}
	return &auth.AuthorizationResult{Code: answer.Get("code"), State: answer.Get("state"), Iss: answer.Get("iss")}, nil
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	handler, err := auth.NewAuthorizationCodeHandler(&auth.AuthorizationCodeHandlerConfig{
		RedirectURL:              walk.RedirectURI,
		AuthorizationCodeFetcher: fetchCode,
		RequestRefreshToken:      true,
		DynamicClientRegistrationConfig: &auth.DynamicClientRegistrationConfig{
			Metadata: &oauthex.ClientRegistrationMetadata{
				ClientName:              "Polyglot Go SDK",
				RedirectURIs:            []string{walk.RedirectURI},
				TokenEndpointAuthMethod: "none",
				GrantTypes:              []string{"authorization_code", "refresh_token"},
				ResponseTypes:           []string{"code"},
			},
		},
	})
	if err != nil {
		walk.Fail(err)
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "polyglot-go-sdk", Version: "1"}, nil)
	session, err := client.Connect(ctx, &mcp.StreamableClientTransport{Endpoint: walk.URL, OAuthHandler: handler}, nil)
	if err != nil {
		walk.Fail(err)
	}
	defer session.Close()

	list, err := session.ListTools(ctx, nil)
	if err != nil {
		walk.Fail(err)
	}
	names := []string{}
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
	}
	walk.Report("tools", map[string]any{"names": names})
	walk.TakeSteps(func(step walk.Step) (string, bool, error) {
		result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: step.Tool, Arguments: step.Arguments})
		if err != nil {
			return "", true, err
		}
		text := ""
		for _, part := range result.Content {
			if content, ok := part.(*mcp.TextContent); ok {
				text += content.Text
			}
		}
		return text, result.IsError, nil
	})
}
