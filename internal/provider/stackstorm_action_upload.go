package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hashicorp/go-uuid"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/sodafoundation/terraform-provider-soda/internal/stackstorm"
)

// cleanUpTime is how long a failed or interrupted upload may take to withdraw
// what it made.
const cleanUpTime = 10 * time.Second

// actionExistsError says that the name of an action is taken.
type actionExistsError struct{ ref string }

func (e *actionExistsError) Error() string {
	return fmt.Sprintf("StackStorm has an action %s already", e.ref)
}

// filesExistError names the files that an upload would overwrite.
type filesExistError struct {
	pack  string
	paths []string
}

func (e *filesExistError) Error() string {
	return fmt.Sprintf("the pack %s has other files already: %s", e.pack, strings.Join(e.paths, ", "))
}

// uploadError says what became of an upload that failed after its name was
// claimed.
type uploadError struct {
	err       error
	claimed   *stackstorm.Action // still there
	unsettled bool               // whether it is there is not known
}

func (e *uploadError) Error() string { return e.err.Error() }
func (e *uploadError) Unwrap() error { return e.err }

// uploads makes actions one at a time, so that of two resources with the same
// name or file the second finds what the first made.
type uploads struct {
	turn chan struct{}
	// left holds the files that this process left behind when it deleted their
	// action: pack/path to content. Making the action again may overwrite them.
	left map[string]string
}

func newUploads() *uploads { return &uploads{turn: make(chan struct{}, 1), left: map[string]string{}} }

func (u *uploads) begin(ctx context.Context) error {
	select {
	case u.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (u *uploads) end() { <-u.turn }

// readUpload reads one file. One that is not there is null.
func readUpload(ctx context.Context, client *stackstorm.Client, pack, path string) (types.String, error) {
	content, err := client.File(ctx, pack, path)
	switch {
	case errors.Is(err, stackstorm.ErrNotFound):
		return types.StringNull(), nil
	case err != nil:
		return types.StringNull(), err
	}
	return types.StringValue(strings.ToValidUTF8(content, "\uFFFD")), nil
}

// occupied finds files that are there with another content. The answer may be
// outdated a moment later: StackStorm offers nothing better (S45).
func (u *uploads) occupied(ctx context.Context, client *stackstorm.Client, pack string, files []stackstorm.DataFile) error {
	var paths []string
	for _, f := range files {
		there, err := readUpload(ctx, client, pack, f.Path)
		if err != nil {
			return err
		}
		if there.IsNull() || there.ValueString() == f.Content {
			continue
		}
		if left, ok := u.left[pack+"/"+f.Path]; !ok || left != there.ValueString() {
			paths = append(paths, f.Path)
		}
	}
	if len(paths) > 0 {
		return &filesExistError{pack, paths}
	}
	return nil
}

// create makes an action without overwriting anything. A POST with files writes
// them before it finds out that the name is taken (S45). So the first POST has
// no files: it claims the name and nothing else. The action stays disabled until
// its files are there.
func (u *uploads) create(ctx context.Context, client *stackstorm.Client, a stackstorm.Action, files []stackstorm.DataFile, overwrite bool) (*stackstorm.Action, error) {
	_, err := client.GetAction(ctx, a.Ref())
	switch {
	case err == nil:
		return nil, &actionExistsError{a.Ref()}
	case !errors.Is(err, stackstorm.ErrNotFound):
		return nil, err
	}
	if !overwrite {
		if err := u.occupied(ctx, client, a.Pack, files); err != nil {
			return nil, err
		}
	}
	claimed, err := claim(ctx, client, a)
	if err != nil {
		return nil, err
	}
	made, err := client.UpdateAction(ctx, a.Ref(), a, files)
	if err != nil {
		return nil, withdraw(ctx, client, claimed, err)
	}
	return made, nil
}

// claim makes a disabled action without files. Its description tells it from
// one that somebody else makes at the same time.
func claim(ctx context.Context, client *stackstorm.Client, a stackstorm.Action) (*stackstorm.Action, error) {
	mark, err := uuid.GenerateUUID()
	if err != nil {
		return nil, err
	}
	a.Enabled, a.Description = false, "Terraform is uploading this action ("+mark+")"
	claimed, err := client.CreateAction(ctx, a, nil)
	if err == nil {
		return claimed, nil
	}
	refused, answered := errors.AsType[*stackstorm.Error](err)
	switch {
	case answered && refused.Kind == stackstorm.KindExists:
		return nil, &actionExistsError{a.Ref()}
	case answered && !refused.Temporary() && refused.Status < http.StatusInternalServerError:
		return nil, err
	}
	// It may have been made all the same.
	later, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	found, look := client.GetAction(later, a.Ref())
	switch {
	case errors.Is(look, stackstorm.ErrNotFound):
		return nil, err
	case look != nil:
		return nil, &uploadError{err: err, unsettled: true}
	case found.Description != a.Description:
		return nil, &actionExistsError{a.Ref()}
	}
	return found, nil
}

// withdraw deletes an action that could not be completed.
func withdraw(ctx context.Context, client *stackstorm.Client, claimed *stackstorm.Action, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	err := client.DeleteAction(ctx, claimed.Ref(), false)
	if err != nil && !errors.Is(err, stackstorm.ErrNotFound) {
		return &uploadError{err: cause, claimed: claimed}
	}
	return &uploadError{err: cause}
}

// remove deletes an action and tells which of the files are left.
func (u *uploads) remove(ctx context.Context, client *stackstorm.Client, a stackstorm.Action, files []stackstorm.DataFile) (left []string, err error) {
	err = client.DeleteAction(ctx, a.Ref(), true)
	if refused, ok := errors.AsType[*stackstorm.Error](err); ok && refused.Kind != stackstorm.KindNotFound && !refused.Temporary() {
		// StackStorm 3.8 puts the action back when it may not remove a file.
		err = client.DeleteAction(ctx, a.Ref(), false)
	}
	if err != nil && !errors.Is(err, stackstorm.ErrNotFound) {
		return nil, err
	}
	for _, f := range files {
		there, err := readUpload(ctx, client, a.Pack, f.Path)
		if err != nil || there.IsNull() {
			continue
		}
		left = append(left, f.Path)
		u.left[a.Pack+"/"+f.Path] = there.ValueString()
	}
	return left, nil
}
