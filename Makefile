# The npm scripts under the names that make users expect. `make help` lists them.
.PHONY: help build test test-coverage test-cluster lint build-linux build-darwin
help: ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'
build: ## Compiles to dist/
	npm run build
test: ## Everything that needs only Node
	npm test
test-coverage: ## The same, with line coverage in coverage/
	npm run coverage
test-cluster: ## Against a real Kubernetes, built on first use (needs root, Go, gcc)
	npm run test:cluster
lint: ## Lint, types, dead code, format
	npm run lint && npm run types && npm run deadcode && npm run format:check
build-linux: ## build/faro-linux-x64, a self-contained executable
	npm run build && npm run executable -- linux-x64
build-darwin: ## The same for macOS; has to be signed on a Mac: codesign --sign - build/faro-darwin-arm64
	npm run build && npm run executable -- darwin-arm64 darwin-x64
