// mcp-go of mark3labs, with the flow of its example oauth_client.
package main

import (
	"context"
	"time"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"

	"postern.test/polyglot/internal/walk"
)

// authorize goes through the browser after an error that asks for it. Any other error is returned.
func authorize(ctx context.Context, refused error) error {
	if !client.IsOAuthAuthorizationRequiredError(refused) {
		return refused
	}
	handler := client.GetOAuthHandler(refused)
	if err := handler.RegisterClient(ctx, "Polyglot mcp-go"); err != nil {
		return err
	}
	verifier, err := client.GenerateCodeVerifier()
	if err != nil {
		return err
	}
	state, err := client.GenerateState()
	if err != nil {
		return err
	}
	address, err := handler.GetAuthorizationURL(ctx, state, client.GenerateCodeChallenge(verifier))
	if err != nil {
		return err
	}
	answer, err := walk.Authorize(address)
	if err != nil {
		return err
	}
	return handler.ProcessAuthorizationResponse(ctx, answer.Get("code"), answer.Get("state"), verifier)
}

func initialize(ctx context.Context, c *client.Client) error {
	request := mcp.InitializeRequest{}
	request.Params.ProtocolVersion = mcp.LATEST_PROTOCOL_VERSION
	request.Params.ClientInfo = mcp.Implementation{Name: "polyglot-mcp-go", Version: "1"}
	_, err := c.Initialize(ctx, request)
	return err
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := client.NewOAuthStreamableHttpClient(walk.URL, client.OAuthConfig{
		RedirectURI: walk.RedirectURI,
		TokenStore:  client.NewMemoryTokenStore(),
		PKCEEnabled: true,
	})
	if err != nil {
		walk.Fail(err)
	}
	defer c.Close()
	if err := c.Start(ctx); err != nil {
		walk.Fail(err)
	}
	if err := initialize(ctx, c); err != nil {
		if err := authorize(ctx, err); err != nil {
			walk.Fail(err)
		}
		if err := initialize(ctx, c); err != nil {
			walk.Fail(err)
		}
	}

	list, err := c.ListTools(ctx, mcp.ListToolsRequest{})
	if err != nil {
		walk.Fail(err)
	}
	names := []string{}
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
	}
	walk.Report("tools", map[string]any{"names": names})
	walk.TakeSteps(func(step walk.Step) (string, bool, error) {
		request := mcp.CallToolRequest{}
		request.Params.Name = step.Tool
		request.Params.Arguments = step.Arguments
		result, err := c.CallTool(ctx, request)
		if err != nil {
			return "", true, err
		}
		text := ""
		for _, part := range result.Content {
			if content, ok := mcp.AsTextContent(part); ok {
				text += content.Text
			}
		}
		return text, result.IsError, nil
	})
}
