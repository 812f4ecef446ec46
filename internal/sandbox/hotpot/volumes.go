package hotpot

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/sodafoundation/terraform-provider-soda/internal/sandbox/access"
)

type volumeRow struct {
	rowBase
	Name              string            `json:"name,omitempty"`
	Description       string            `json:"description,omitempty"`
	GroupID           string            `json:"groupId,omitempty"`
	Size              int64             `json:"size,omitempty"` // GB
	AvailabilityZone  string            `json:"availabilityZone,omitempty"`
	Status            string            `json:"status,omitempty"`
	PoolID            string            `json:"poolId,omitempty"`
	ProfileID         string            `json:"profileId,omitempty"`
	Metadata          map[string]string `json:"metadata,omitempty"`
	SnapshotID        string            `json:"snapshotId,omitempty"`
	SnapshotFromCloud bool              `json:"snapshotFromCloud,omitempty"`
	ReplicationID     string            `json:"replicationId,omitempty"`
	AttachStatus      string            // the one field that has no name of its own in JSON; never set
	Identifier        *struct{}         `json:"identifier,omitempty"` // of drivers that tell one
	MultiAttach       bool              `json:"multiAttach,omitempty"`

	due time.Time
}

var validName = regexp.MustCompile("^[a-zA-Z0-9 _-]+$")

func (h *Server) createVolume(c *call) (int, any, error) {
	var volume volumeRow
	if err := c.decode("volume", "VolumeSpec", &volume); err != nil {
		return 0, nil, err
	}
	profile, err := h.volumeProfile(volume.ProfileID)
	if err != nil {
		return 0, nil, err
	}
	if err := h.checkVolume(c.Caller, &volume); err != nil {
		return 0, nil, refusal(http.StatusBadRequest, "create volume failed: %v", err)
	}

	volume.rowBase = rowBase{ID: h.newID(), CreatedAt: h.timestamp(), TenantID: c.Tenant, UserID: c.User}
	volume.ProfileID = profile.ID
	volume.Status = "creating"
	if volume.AvailabilityZone == "" {
		volume.AvailabilityZone = "default"
	}
	volume.due = h.due(h.pace.Create)
	h.volumes.put(&volume)
	answer := volume
	h.settle()
	return http.StatusAccepted, answer, nil
}

// finishVolume is the storage's work: without a pool there is no volume, and
// nobody says why (H10).
func (h *Server) finishVolume(volume *volumeRow) {
	volume.UpdatedAt = h.timestamp()
	var pool *poolRow
	if profile, err := h.profiles.shared(volume.ProfileID); err == nil {
		pool = h.poolFor(volume, profile)
	}
	if pool == nil || h.failVolume != nil && h.failVolume(volume.Name) {
		volume.Status = "error"
		return
	}
	volume.Status = "available"
	volume.PoolID = pool.ID
	volume.Metadata = map[string]string{"lvPath": "/dev/opensds-volumes-default/volume-" + volume.ID}
}

// volumeProfile finds a profile. The default is the one with the name
// default_block.
func (h *Server) volumeProfile(id string) (*profileRow, error) {
	if id == "" {
		found := h.profiles.where(func(p *profileRow) bool { return p.Name == "default_block" && p.StorageType == "block" })
		if len(found) == 0 {
			return nil, refusal(http.StatusBadRequest,
				"get default profile failed: can't find profile(name: default_block, storageType:block)")
		}
		return found[0], nil
	}
	profile, err := h.profiles.shared(id)
	if err != nil {
		return nil, refusal(http.StatusBadRequest, "get profile failed: %v", err)
	}
	return profile, nil
}

func (h *Server) checkVolume(who access.Caller, v *volumeRow) error {
	switch {
	case v.Size <= 0:
		return fmt.Errorf("invalid volume size: %d", v.Size)
	case v.Name == "":
		return fmt.Errorf("empty volume name is not allowed. Please give valid name")
	case len(v.Name) > 255:
		return fmt.Errorf("volume name length should not more than 255 characters. current length is : %d", len(v.Name))
	case !validName.MatchString(v.Name):
		return fmt.Errorf("invalid volume name, it should only contain english char and number  : %s", v.Name)
	case v.SnapshotID == "":
		return nil
	}
	snapshot, err := h.snapshots.find(who, v.SnapshotID)
	if err != nil {
		return err
	}
	if snapshot.Size > v.Size {
		return fmt.Errorf("size of volume must be equal to or bigger than size of the snapshot")
	}
	return nil
}

func (h *Server) listVolumes(c *call) (int, any, error) {
	volumes, err := h.volumes.page(c.Caller, c.query, "id", "name", "status", "availabilityZone",
		"profileId", "tenantId", "size", "poolId", "description", "groupId")
	return http.StatusOK, volumes, err
}

func (h *Server) getVolume(c *call) (int, any, error) {
	volume, err := h.namedVolume(c)
	return http.StatusOK, volume, err
}

func (h *Server) namedVolume(c *call) (*volumeRow, error) {
	volume, err := h.volumes.find(c.Caller, c.id)
	if err != nil {
		return nil, refusal(http.StatusNotFound, "volume %s not found: %v", c.id, err)
	}
	return volume, nil
}

// updateVolume changes every field that is given and not empty. That includes
// the status: any caller may say that a volume is in use.
func (h *Server) updateVolume(c *call) (int, any, error) {
	var change volumeRow
	if err := c.decode("volume", "VolumeSpec", &change); err != nil {
		return 0, nil, err
	}
	volume, err := h.volumes.find(c.Caller, c.id)
	if err != nil {
		return 0, nil, refusal(http.StatusInternalServerError, "update volume failed: %v", err)
	}
	for field, given := range map[*string]string{
		&volume.Name: change.Name, &volume.Description: change.Description, &volume.Status: change.Status,
		&volume.AvailabilityZone: change.AvailabilityZone, &volume.ProfileID: change.ProfileID,
		&volume.PoolID: change.PoolID, &volume.GroupID: change.GroupID,
	} {
		if given != "" {
			*field = given
		}
	}
	if change.Size != 0 {
		volume.Size = change.Size
	}
	volume.MultiAttach = volume.MultiAttach || change.MultiAttach
	if volume.Metadata == nil {
		volume.Metadata = map[string]string{}
	}
	maps.Copy(volume.Metadata, change.Metadata)
	volume.UpdatedAt = h.timestamp()
	return http.StatusOK, volume, nil
}

func (h *Server) deleteVolume(c *call) (int, any, error) {
	volume, err := h.namedVolume(c)
	if err != nil {
		return 0, nil, err
	}
	// A volume without a pool was never made in a storage system, so nothing
	// can depend on it.
	if volume.PoolID != "" {
		if err := h.checkVolumeUnused(volume); err != nil {
			return 0, nil, refusal(http.StatusBadRequest, "delete volume failed: %v", err)
		}
	}
	h.volumes.remove(volume.ID)
	return http.StatusAccepted, nil, nil
}

func (h *Server) checkVolumeUnused(volume *volumeRow) error {
	if !slices.Contains([]string{"available", "error", "errorDeleting", "errorExtending"}, volume.Status) {
		return fmt.Errorf("only the volume with the status available, error, error_deleting, error_extending"+
			" can be deleted, the volume status is %s", volume.Status)
	}
	if len(h.snapshots.where(func(s *snapshotRow) bool { return s.VolumeID == volume.ID })) > 0 {
		return fmt.Errorf("volume %s can not be deleted, because it still has snapshots", volume.ID)
	}
	if len(h.attachments.where(func(a *attachmentRow) bool { return a.VolumeID == volume.ID })) > 0 {
		return fmt.Errorf("volume %s can not be deleted, because it's in use", volume.ID)
	}
	return nil
}

func (h *Server) resizeVolume(c *call) (int, any, error) {
	var request struct {
		NewSize int64 `json:"newSize"`
	}
	if err := c.decode("volume", "ExtendVolumeSpec", &request); err != nil {
		return 0, nil, err
	}
	volume, err := h.namedVolume(c)
	if err != nil {
		return 0, nil, err
	}
	if volume.Status != "available" {
		return 0, nil, refusal(http.StatusBadRequest,
			"extend volume failed: the status of the volume to be extended must be available!")
	}
	if request.NewSize <= volume.Size {
		return 0, nil, refusal(http.StatusBadRequest,
			"extend volume failed: new size for extend must be greater than current size.(current: %d GB, extended: %d GB).",
			volume.Size, request.NewSize)
	}
	volume.UpdatedAt = h.timestamp()
	answer := *volume
	answer.Status = "extending"
	volume.Size = request.NewSize
	return http.StatusAccepted, answer, nil
}
