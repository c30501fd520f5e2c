# SPDX-License-Identifier: Apache-2.0
# A recorder of Vivado's commands: `tclsh vivado.tcl RECORD SCRIPT ARGUMENTS...` runs a script for Vivado without it.
#
# Every command that it knows checks its options, keeps what it makes and answers queries from that. Whatever it does
# not know is an error: a command, an option, a property, a parameter of a cell, a pin. What was made is written into
# RECORD, one fact a line, words apart by tabs. It builds nothing: runs "finish" at once. What goes wrong in Vivado is asked
# for in the environment: RECORD_SLACK (ns), RECORD_FAIL (a run), RECORD_PARTS=none, RECORD_BOARDS=none.
# Knowledge of the vendor's IP lies in catalogue.tcl.

namespace eval ipx {}
namespace eval rec {
  variable out [lindex $argv 0] script [lindex $argv 1] arguments [lrange $argv 2 end]
  variable kind; array set kind {}       ;# object -> its kind
  variable prop; array set prop {}       ;# object,property -> value
  variable seen {}                       ;# commands, in order
  variable facts {}                      ;# lines for the record
  variable wires {}; variable buses {}   ;# nets and interface nets: lists of pins
  variable packaged                      ;# of a packaged IP's VLNV: its pins and interfaces
  array set packaged {}
  variable core ""; variable design ""; variable project ""
  variable boards {
    xilinx.com:zcu102:part0:3.3 xilinx.com:zcu102:part0:3.4 xilinx.com:zcu104:part0:1.1
    xilinx.com:kv260_som:part0:1.3 xilinx.com:kv260_som:part0:1.4 tul.com.tw:pynq-z2:part0:1.0
  }
  variable parts {xczu9eg-ffvb1156-2-e xczu7ev-ffvc1156-2-e xck26-sfvc784-2LV-c xc7z020clg400-1}
}
source [file join [file dirname [file normalize [info script]]] catalogue.tcl]

proc unknown {name args} { error "Vivado has no command \"$name\"" }

# ---- objects ----------------------------------------------------------------------------------------------------

proc rec::fact {args} { variable facts; lappend facts [join [string map {"\t" " " "\n" " "} $args] "\t"] }
proc rec::new {what name} {
  variable kind
  if {[info exists kind($name)]} { error "$what $name: there is one of that name already" }
  set kind($name) $what
  return $name
}
proc rec::need {what object} {
  variable kind
  if {$object eq ""} { error "expected a $what, got nothing" }
  if {![info exists kind($object)] || $kind($object) ni $what} { error "$object is no $what" }
  return $object
}
proc rec::all {what {pattern *}} {
  variable kind
  set found {}
  foreach name [lsort -dictionary [array names kind]] {
    if {$kind($name) in $what && [string match $pattern $name]} { lappend found $name }
  }
  return $found
}

# Properties that an object of a kind has, besides those that set_property may give to cells as CONFIG.*
set rec::properties {
  project   {board_part board_connections ip_repo_paths target_language default_lib directory name part}
  fileset   {top top_file}
  file      {file_type used_in is_enabled}
  core      {name display_name description vendor_display_name company_url supported_families core_revision vlnv}
  businterface {abstraction_type_vlnv bus_type_vlnv interface_mode slave_memory_map_ref master_address_space_ref name}
  portmap   {physical_name}
  busparameter {value}
  memorymap {name} space {name range width}
  block     {range width usage base_address access}
  register  {address_offset size access description}
  field     {bit_offset bit_width access description}
  design    {name file_name}
  run       {progress status needs_refresh stats.wns strategy}
  path      {slack}
}

proc rec::put {object name value} {
  variable kind; variable prop; variable properties
  if {![info exists kind($object)]} { error "set_property: no object \"$object\"" }
  set what $kind($object)
  if {$what eq "cell" && [string match CONFIG.* $name]} { return [configure $object [string range $name 7 end] $value] }
  set name [string tolower $name]
  if {![dict exists $properties $what] || $name ni [dict get $properties $what]} {
    error "set_property: a $what has no property \"$name\""
  }
  if {$name eq "board_part" && $value ni $rec::boards} { error "\[Board 49-71\] the board $value is unknown" }
  set prop($object,$name) $value
  fact property $what $object $name $value
}

# ---- commands ---------------------------------------------------------------------------------------------------

# A command: its flags, its options with a value, how many other words it takes, and what it does with
# `o` (an array of what was given) and `words`.
proc rec::command {name flags options least most body} {
  proc ::$name args [format {
    lappend rec::seen [list %1$s {*}$args]
    array set o {}; set words {}
    for {set i 0} {$i < [llength $args]} {incr i} {
      set word [lindex $args $i]
      if {$word in {%2$s}} { set o($word) 1
      } elseif {$word in {%3$s}} {
        if {[incr i] >= [llength $args]} { error "%1$s: $word needs a value" }
        set o($word) [lindex $args $i]
      } elseif {[regexp {^-[a-zA-Z_]} $word]} { error "%1$s has no option \"$word\""
      } else { lappend words $word }
    }
    if {[llength $words] < %4$d || [llength $words] > %5$d} {
      error "%1$s: expected %4$d to %5$d words, got [llength $words]: $words"
    }
    %6$s
  } $name $flags $options $least $most $body]
}

rec::command version {-short} {} 0 0 { return 2022.1 }
rec::command get_parts {-quiet} {} 0 1 {
  if {[info exists ::env(RECORD_PARTS)]} { return "" }
  return [lsearch -all -inline $rec::parts [lindex $words 0]]
}
rec::command get_board_parts {-quiet -latest_file_version} {} 0 1 {
  if {[info exists ::env(RECORD_BOARDS)]} { return "" }
  set found [lsearch -all -inline $rec::boards [lindex $words 0]]
  return [expr {[info exists o(-latest_file_version)] ? [lindex $found end] : $found}]
}
rec::command create_project {-force -in_memory} {-part} 1 2 {
  if {$o(-part) ni $rec::parts} { error "\[Coretcl 2-106\] the part $o(-part) is unknown" }
  lassign $words name folder
  foreach old [rec::all {fileset file}] { unset rec::kind($old) }
  set rec::project [rec::new project "project:$name"]
  set rec::prop($rec::project,directory) [file normalize $folder]
  set rec::prop($rec::project,name) $name
  rec::new fileset sources_1
  file mkdir $folder
  rec::fact project $name $folder $o(-part)
}
rec::command close_project {-quiet} {} 0 0 { set rec::project ""; set rec::design "" }
rec::command current_project {-quiet} {} 0 0 { return $rec::project }
rec::command current_fileset {} {} 0 0 { return sources_1 }
rec::command get_filesets {-quiet} {} 0 1 { return sources_1 }
rec::command add_files {-norecurse} {-fileset} 1 1 {
  foreach path [lindex $words 0] {
    if {![file isfile $path]} { error "\[Vivado 12-172\] file or directory \"$path\" does not exist" }
    rec::new file [file normalize $path]
    rec::fact file [file normalize $path]
  }
}
rec::command get_files {-quiet} {-of_objects} 0 1 { return [rec::all file */[lindex $words 0]] }
rec::command update_compile_order {} {-fileset} 0 0 {}
rec::command set_property {} {-dict -name -value -objects} 0 3 {
  if {[info exists o(-dict)]} {
    set pairs $o(-dict); set objects [lindex $words 0]
  } elseif {[info exists o(-name)]} {
    set pairs [list $o(-name) $o(-value)]; set objects $o(-objects)
  } else {
    if {[llength $words] != 3} { error "set_property: expected NAME VALUE OBJECTS, got $words" }
    set pairs [lrange $words 0 1]; set objects [lindex $words 2]
  }
  if {![llength $objects]} { error "set_property: there is no object to set [lindex $pairs 0] of" }
  if {[llength $pairs] % 2} { error "set_property: the list of names and values is odd" }
  foreach object $objects { foreach {name value} $pairs { rec::put $object $name $value } }
}
rec::command get_property {-quiet} {} 2 2 {
  lassign $words name object
  set what $rec::kind([lindex $object 0])
  set key "$object,[string tolower $name]"
  if {[string match CONFIG.* $name]} { set key "$object,$name" }
  if {[info exists rec::prop($key)]} { return $rec::prop($key) }
  if {[string tolower $name] eq "name"} { return [lindex [split $object /] end] }
  if {[string tolower $name] in [dict get $rec::properties $what]} { return "" }
  error "get_property: a $what has no property \"$name\""
}

# ---- packaging --------------------------------------------------------------------------------------------------

rec::command ipx::package_project {-import_files -force -quiet} {-root_dir -vendor -library -taxonomy -set_current} 0 0 {
  set top $rec::prop(sources_1,top)
  foreach path [rec::all file] {
    if {[file extension $path] eq ".v"} { set text [read [set channel [open $path]]]; close $channel
      if {[regexp "module\\s+$top\\M" $text]} { set ports [rec::verilog_ports $text] } }
  }
  if {![info exists ports]} { error "\[IP_Flow 19-627\] no Verilog file has the top module $top" }
  if {[llength [rec::all core]]} { foreach old [rec::all {core businterface portmap busparameter memorymap block
    register field space}] { unset rec::kind($old) } }
  set rec::core [rec::new core "core:$top"]
  array unset rec::prop "$rec::core,*"
  set rec::prop($rec::core,name) $top
  set rec::prop($rec::core,vendor) $o(-vendor); set rec::prop($rec::core,library) $o(-library)
  set rec::prop($rec::core,ports) $ports
  foreach {name direction width} $ports { rec::fact port $top $name $direction $width }
  rec::new businterface core/inferred  ;# as Vivado does, from the names of ports
  rec::new memorymap map/inferred; rec::new space space/inferred
  file mkdir $o(-root_dir)
  return $rec::core
}
rec::command ipx::current_core {} {} 0 0 { return [rec::need core $rec::core] }
foreach {what plural} {bus_interface bus_interfaces memory_map memory_maps address_space address_spaces} {
  set kind [dict get {bus_interface businterface memory_map memorymap address_space space} $what]
  rec::command ipx::get_$plural {-quiet} {-of_objects -filter} 0 1 "
    rec::need core \$o(-of_objects)
    return \[rec::all $kind \[expr {\[llength \$words\] ? \"*/\[lindex \$words 0\]\" : {*}}\]\]"
  rec::command ipx::remove_$what {-quiet} {} 2 2 "
    foreach object \[rec::all {$kind}\] {
      if {\[file tail \$object\] eq \[lindex \$words 0\]} { unset rec::kind(\$object) } }"
}
rec::command ipx::add_bus_interface {-quiet} {} 2 2 {
  rec::need core [lindex $words 1]; return [rec::new businterface "core/[lindex $words 0]"]
}
rec::command ipx::add_port_map {-quiet} {} 2 2 {
  rec::need businterface [lindex $words 1]; return [rec::new portmap "[lindex $words 1]/[lindex $words 0]"]
}
rec::command ipx::add_bus_parameter {-quiet} {} 2 2 {
  rec::need businterface [lindex $words 1]
  if {[lindex $words 0] ni $rec::bus_parameters} { error "an interface has no parameter [lindex $words 0]" }
  return [rec::new busparameter "[lindex $words 1]/[lindex $words 0]"]
}
rec::command ipx::associate_bus_interfaces {-quiet} {-busif -clock -reset} 1 1 {
  rec::need core [lindex $words 0]
  set ports [dict keys [rec::port_table]]
  foreach option {-clock -reset} {
    if {[info exists o($option)] && $o($option) ni $ports} { error "the core has no port $o($option)" }
  }
  if {[info exists o(-busif)]} { rec::need businterface "core/$o(-busif)"; rec::fact clocked $o(-busif) $o(-clock)
  } else { rec::fact resets $o(-clock) $o(-reset) }
}
rec::command ipx::add_memory_map {-quiet} {} 2 2 {
  rec::need core [lindex $words 1]; return [rec::new memorymap "map/[lindex $words 0]"]
}
rec::command ipx::add_address_block {-quiet} {} 2 2 {
  rec::need memorymap [lindex $words 1]; return [rec::new block "[lindex $words 1]/[lindex $words 0]"]
}
rec::command ipx::add_register {-quiet} {} 2 2 {
  rec::need block [lindex $words 1]; return [rec::new register "[lindex $words 1]/[lindex $words 0]"]
}
rec::command ipx::add_field {-quiet} {} 2 2 {
  rec::need register [lindex $words 1]; return [rec::new field "[lindex $words 1]/[lindex $words 0]"]
}
rec::command ipx::add_address_space {-quiet} {} 2 2 {
  rec::need core [lindex $words 1]; return [rec::new space "space/[lindex $words 0]"]
}
foreach name {create_xgui_files update_checksums check_integrity} {
  rec::command ipx::$name {-quiet} {} 1 1 { rec::need core [lindex $words 0] }
}
rec::command ipx::save_core {-quiet} {} 1 1 { rec::keep_core [rec::need core [lindex $words 0]] }
rec::command update_ip_catalog {-rebuild} {} 0 0 {}

proc rec::port_table {} { variable prop; variable core
  set table {}; foreach {name direction width} $prop($core,ports) { dict set table $name [list $direction $width] }
  return $table
}

# Ports of the one module of a Verilog file: name, I or O, bits.
proc rec::verilog_ports {text} {
  regsub -all {//[^\n]*} $text {} text
  set list [string range $text [string first "(" $text]+1 [string first ");" $text]-1]
  set ports {}
  foreach port [split $list ,] {
    if {![regexp {^\s*(input|output)\s+(?:wire\s+)?(?:\[(\d+):0\]\s*)?(\w+)\s*$} $port -> way high name]} {
      error "the IP packager can't read the port \"[string trim $port]\""
    }
    lappend ports $name [expr {$way eq "input" ? "I" : "O"}] [expr {$high eq "" ? 1 : $high + 1}]
  }
  return $ports
}

# What a block design sees of the packaged core: its pins and interfaces.
proc rec::keep_core {core} {
  variable prop; variable packaged
  set table [port_table]
  set who $prop($core,name)
  set pins {}; set mapped {}
  foreach bus [all businterface core/*] {
    set name [file tail $bus]
    if {$name eq "inferred"} { continue }
    foreach property {abstraction_type_vlnv bus_type_vlnv interface_mode} {
      if {![info exists prop($bus,$property)]} { error "$name has no $property" }
    }
    fact interface $who $name $prop($bus,interface_mode) $prop($bus,bus_type_vlnv) $prop($bus,abstraction_type_vlnv)
    foreach map [all portmap $bus/*] {
      set port $prop($map,physical_name)
      if {![dict exists $table $port]} { error "\[IP_Flow\] $name: the core has no port $port" }
      if {$port in $mapped} { error "\[IP_Flow\] $name: the port $port is in two interfaces" }
      lappend mapped $port
      fact map $who $name [file tail $map] $port {*}[dict get $table $port]
    }
    set parameters {}
    foreach parameter [all busparameter $bus/*] {
      dict set parameters [file tail $parameter] $prop($parameter,value)
      fact parameter $who $name [file tail $parameter] $prop($parameter,value)
    }
    set type [lindex [split $prop($bus,bus_type_vlnv) :] 2]
    if {$type in {aximm axis}} {
      set width [expr {[dict exists $parameters DATA_WIDTH] ? [dict get $parameters DATA_WIDTH] : 0}]
      lappend pins [list intf $name $prop($bus,interface_mode) $type $width]
    }
    if {[info exists prop($bus,slave_memory_map_ref)] && $prop($bus,interface_mode) eq "slave"} {
      set map map/$prop($bus,slave_memory_map_ref); need memorymap $map
      foreach block [all block $map/*] {
        lappend pins [list segment $name [file tail $block] 0 [expr {$prop($block,range)}] register]
        fact block $who $name [file tail $block] $prop($block,range)
        foreach register [all register $block/*] {
          fact register $who $name [file tail $register] $prop($register,address_offset) $prop($register,size) \
            $prop($register,access)
          foreach field [all field $register/*] {
            fact field $who $name [file tail $register] [file tail $field] $prop($field,bit_offset) \
              $prop($field,bit_width) $prop($field,access)
          }
        }
      }
    }
    if {[info exists prop($bus,master_address_space_ref)]} {
      set space space/$prop($bus,master_address_space_ref); need space $space
      lappend pins [list space $prop($bus,master_address_space_ref) $name]
    }
  }
  dict for {name port} $table {
    set bus ""
    foreach map [all portmap] { if {$prop($map,physical_name) eq $name} { set bus [file dirname $map] } }
    set type [expr {$bus eq "" ? "" : [lindex [split $prop($bus,bus_type_vlnv) :] 2]}]
    if {$type ni {aximm axis}} { lappend pins [list pin $name {*}$port [dict get {clock clk reset rst interrupt intr {} data} $type]] }
  }
  set vlnv "$prop($core,vendor):$prop($core,library):$prop($core,name):1.0"
  fact core $vlnv
  set packaged($vlnv) $pins
}

# ---- block design -----------------------------------------------------------------------------------------------

rec::command create_bd_design {} {} 1 1 {
  rec::need project $rec::project
  set rec::design [rec::new design "design:[lindex $words 0]"]
  set file "$rec::prop($rec::project,directory)/[lindex $words 0].bd"
  rec::new file $file
  set rec::prop($rec::design,file_name) $file
  rec::fact design [lindex $words 0]
}
rec::command current_bd_design {-quiet} {} 0 1 { return $rec::design }
rec::command create_bd_cell {} {-type -vlnv} 1 1 {
  if {$o(-type) ne "ip"} { error "create_bd_cell: the type must be ip" }
  set cell [rec::new cell "/[lindex $words 0]"]
  rec::make_cell $cell $o(-vlnv)
  return $cell
}
rec::command apply_bd_automation {} {-rule -config} 1 1 { rec::automate $o(-rule) $o(-config) [lindex $words 0] }
rec::command get_bd_cells {-quiet} {} 0 1 { return [rec::all cell [rec::path [lindex $words 0]]] }
rec::command get_bd_pins {-quiet} {-of_objects} 0 1 { return [rec::all pin [rec::path [lindex $words 0]]] }
rec::command get_bd_intf_pins {-quiet} {-of_objects} 0 1 { return [rec::all intf [rec::path [lindex $words 0]]] }
rec::command get_bd_addr_spaces {-quiet} {} 0 1 { return [rec::all bdspace space:[rec::path [lindex $words 0]]] }
rec::command get_bd_addr_segs {-quiet} {-of_objects} 0 1 { return [rec::all bdsegment segment:[rec::path [lindex $words 0]]] }
proc rec::path {name} { return [expr {[string index $name 0] eq "/" ? $name : "/$name"}] }

rec::command connect_bd_net {-quiet} {-net} 2 99 {
  set all {}; foreach word $words { if {$word eq ""} { error "\[BD 5-106\] connect_bd_net: an argument is empty" }
    foreach pin $word { lappend all [rec::need pin $pin] } }
  rec::join_net rec::wires $all
  set drivers {}
  foreach net $rec::wires { if {[lindex $all 0] in $net} {
    foreach pin $net { if {[lindex $rec::prop($pin,shape) 0] eq "O"} { lappend drivers $pin } } } }
  if {[llength $drivers] > 1} { error "\[BD 41-1306\] the net has two drivers: $drivers" }
}
rec::command connect_bd_intf_net {-quiet} {-intf_net} 2 2 {
  foreach word $words { if {$word eq ""} { error "\[BD 5-106\] connect_bd_intf_net: an argument is empty" } }
  lassign $words a b
  rec::need intf $a; rec::need intf $b
  foreach pin $words { foreach net $rec::buses { if {$pin in $net} { error "\[BD 41-171\] $pin is connected already" } } }
  lassign $rec::prop($a,shape) mode_a type_a; lassign $rec::prop($b,shape) mode_b type_b
  if {$type_a ne $type_b} { error "\[BD 5-143\] $a is $type_a, $b is $type_b" }
  if {$mode_a eq $mode_b} { error "\[BD 5-143\] $a and $b are both $mode_a" }
  lappend rec::buses $words
}
proc rec::join_net {where pins} {
  upvar #0 $where nets
  set rest {}; set joined $pins
  foreach net $nets {
    set common 0
    foreach pin $pins { if {$pin in $net} { set common 1 } }
    if {$common} { set joined [concat $net $joined] } else { lappend rest $net }
  }
  set nets [concat $rest [list [lsort -unique $joined]]]
}
rec::command assign_bd_address {-force -quiet} {-offset -range -target_address_space} 1 1 {
  set space [rec::need bdspace $o(-target_address_space)]
  set segment [rec::need bdsegment [lindex $words 0]]
  set offset [expr {$o(-offset)}]; set range [expr {[string map {K *1024 M *1048576 G *1073741824} $o(-range)]}]
  if {$range & ($range - 1) || $offset % $range} { error "\[BD 41-1273\] $segment: $o(-offset) is no multiple of $o(-range)" }
  rec::fact address [string range $space 7 end] [string range $segment 9 end] $offset $range
}
rec::command validate_bd_design {-force} {} 0 0 { rec::validate }
rec::command save_bd_design {} {} 0 0 {}
rec::command generate_target {-force} {} 2 2 {}
rec::command make_wrapper {-top -import} {-files} 0 0 {
  rec::need file $o(-files)
  set name [file rootname [file tail $o(-files)]]
  set path "[file dirname $o(-files)]/hdl/${name}_wrapper.v"
  file mkdir [file dirname $path]; close [open $path w]
  return $path
}

# ---- runs -------------------------------------------------------------------------------------------------------

rec::command get_runs {-quiet} {} 0 1 {
  set name [lindex $words 0]
  if {$name ni {synth_1 impl_1}} { return "" }
  if {![info exists rec::kind($name)]} { rec::new run $name; set rec::prop($name,progress) "0%"; set rec::prop($name,status) "Not started" }
  return $name
}
rec::command launch_runs {} {-jobs -to_step} 1 1 {
  set run [rec::need run [get_runs [lindex $words 0]]]
  set bad [expr {[info exists ::env(RECORD_FAIL)] && $::env(RECORD_FAIL) eq $run}]
  set rec::prop($run,progress) [expr {$bad ? "37%" : "100%"}]; set rec::prop($run,status) [expr {$bad ? "ERROR" : "Complete"}]
  rec::fact run $run [expr {[info exists o(-to_step)] ? $o(-to_step) : ""}]
  if {$run eq "impl_1" && !$bad} {
    set folder $rec::prop($rec::project,directory); set name $rec::prop($rec::project,name)
    set design [lindex [split $rec::design :] 1]
    file mkdir $folder/$name.runs/impl_1 $folder/$name.gen/sources_1/bd/$design/hw_handoff
    close [open $folder/$name.runs/impl_1/$rec::prop(sources_1,top).bit w]
    close [open $folder/$name.gen/sources_1/bd/$design/hw_handoff/$design.hwh w]
  }
}
rec::command wait_on_run {-quiet} {-timeout} 1 1 { rec::need run [lindex $words 0] }
rec::command open_run {} {-name} 1 1 { rec::need run [lindex $words 0] }
rec::command get_timing_paths {-setup -hold -quiet} {-max_paths -nworst} 0 0 {
  set name [expr {[info exists o(-hold)] ? "path:hold" : "path:setup"}]
  set rec::kind($name) path
  set rec::prop($name,slack) [expr {[info exists ::env(RECORD_SLACK)] ? $::env(RECORD_SLACK) : 0.123}]
  return $name
}
foreach name {report_timing_summary report_utilization report_power} {
  rec::command $name {-hierarchical -quiet} {-file -max_paths -hierarchical_depth} 0 0 { close [open $o(-file) w] }
}
rec::command set_param {} {} 2 2 {}
rec::command set_msg_config {-suppress} {-id -new_severity -severity -string} 0 0 {}

# ---- the record -------------------------------------------------------------------------------------------------

proc rec::save {} {
  variable out; variable facts; variable seen; variable wires; variable buses; variable prop; variable kind
  set channel [open $out w]
  foreach line $facts { puts $channel $line }
  foreach cell [all cell] { puts $channel [join [list cell [string range $cell 1 end] $prop($cell,vlnv)] "\t"]
    dict for {name value} $prop($cell,config) { puts $channel [join [list config [string range $cell 1 end] $name $value] "\t"] } }
  foreach pin [all pin] { puts $channel [join [list pin [string range $pin 1 end] {*}$prop($pin,shape)] "\t"] }
  foreach pin [all intf] { puts $channel [join [list intf [string range $pin 1 end] {*}$prop($pin,shape)] "\t"] }
  foreach net $wires { puts $channel [join [concat wire [lmap pin $net {string range $pin 1 end}]] "\t"] }
  foreach net $buses { puts $channel [join [concat bus [lmap pin $net {string range $pin 1 end}]] "\t"] }
  foreach line $seen { puts $channel [join [list command [string map {"\t" " " "\n" " "} $line]] "\t"] }
  close $channel
}
rename exit rec::leave
proc exit {{status 0}} { rec::save; rec::leave $status }

set argv $rec::arguments
set argc [llength $argv]
if {[catch { source $rec::script } message]} {
  puts stderr "ERROR: $message"
  exit 1
}
exit 0
